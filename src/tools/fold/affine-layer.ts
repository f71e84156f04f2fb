import { create } from "@bufbuild/protobuf";
import { hasLossWeight } from "../../core/layer-roles.js";
import { storedNorm, valuesOf } from "../../layers/normalization/stored-norm.js";
import { blobShape } from "../../proto/binary/index.js";
import {
  BiasParameterSchema,
  type BlobProto,
  type LayerParameter,
  type Phase,
  ScaleParameterSchema,
} from "../../proto/gen/caffe_pb.js";
import { countOf } from "../../util/shape.js";
import type { Affine } from "./affine.js";
import type { Blobs } from "./trained-params.js";

/** A layer that multiplies and shifts all values by one pair of numbers, or by one pair for each index of an axis. */
export interface AffineLayer {
  readonly map: Affine;
  /** The axis that has one entry for each index; undefined if one entry is for the whole blob. */
  readonly axis: number | undefined;
  /** Whether the layer has a shift, even one of 0: the layer it is folded into then needs a bias. */
  readonly shifts: boolean;
}

/** The layer types that can be folded. */
export const affineTypes: readonly string[] = ["BatchNorm", "BN", "SyncBN", "Scale", "Bias"];

/** Those that may have a second bottom instead of a parameter. */
const operandTypes: readonly string[] = ["Scale", "Bias"];

/**
 * The affine map of a batch normalization, Scale or Bias layer in this phase.
 *
 * @param blobs its parameters
 * @param rank the number of axes of its bottom, if that is known
 * @returns the reason if the layer is not an affine map
 */
export function readAffine(
  layer: LayerParameter,
  blobs: Blobs,
  phase: Phase,
  rank: number | undefined,
): AffineLayer | string {
  if (layer.bottom.length !== 1 || layer.top.length !== 1) {
    return !operandTypes.includes(layer.type) || layer.top.length !== 1
      ? `it has ${layer.bottom.length} bottoms and ${layer.top.length} tops`
      : `its second bottom, "${layer.bottom[1]}", is computed anew for each input`;
  }
  if (hasLossWeight(layer)) return "its top has a loss_weight";
  switch (layer.type) {
    case "Scale":
      return readScale(layer, blobs, rank);
    case "Bias":
      return readBias(layer, blobs, rank);
    default:
      return readNorm(layer, blobs, phase);
  }
}

/** A batch normalization by its averages, with scale and shift in those of forks. */
function readNorm(layer: LayerParameter, blobs: Blobs, phase: Phase): AffineLayer | string {
  const present = blobs.flatMap((blob) => blob ?? []);
  if (present.length === 0) return "the weights have no blobs for it";
  const norm = storedNorm(layer, present, phase);
  if (typeof norm === "string") return norm;
  const { mean, variance, eps } = norm;
  const channels = (variance ?? norm.scale ?? []).length;
  const scale = Float64Array.from({ length: channels }, (_, c) => {
    return (norm.scale?.[c] ?? 1) / (variance ? Math.sqrt((variance[c] ?? 0) + eps) : 1);
  });
  const shift = scale.map((times, c) => (norm.shift?.[c] ?? 0) - (mean?.[c] ?? 0) * times);
  const fault = (channel: number) =>
    `mean ${mean?.[channel]} and variance ${variance?.[channel]} with eps ${eps}: what it puts out is no finite number`;
  const map = mapOf(scale, shift, variance && fault);
  if (typeof map === "string") return map;
  const size = shift.map((_, c) => Math.abs(norm.shift?.[c] ?? 0) + Math.abs((mean?.[c] ?? 0) * (scale[c] ?? 0)));
  return { map: { ...map, size }, axis: channels === 1 ? undefined : 1, shifts: true };
}

function readScale(layer: LayerParameter, blobs: Blobs, rank: number | undefined): AffineLayer | string {
  const param = layer.scaleParam ?? create(ScaleParameterSchema);
  const values = valuesOf(blobs, param.biasTerm ? 2 : 1);
  if (typeof values === "string") return values;
  const [scales, shifts = scales.map(() => 0)] = values as [Float32Array, Float32Array?];
  const along = axisOf("scale_param", param, blobs[0], rank);
  if (typeof along === "string") return along;
  if (shifts.length !== scales.length) {
    return `its blobs have ${scales.length} and ${shifts.length} values, not as many as each other`;
  }
  const map = mapOf(Float64Array.from(scales), Float64Array.from(shifts));
  return typeof map === "string" ? map : { map, axis: along.axis, shifts: param.biasTerm };
}

function readBias(layer: LayerParameter, blobs: Blobs, rank: number | undefined): AffineLayer | string {
  const values = valuesOf(blobs, 1);
  if (typeof values === "string") return values;
  const [shifts] = values as [Float32Array];
  const along = axisOf("bias_param", layer.biasParam ?? create(BiasParameterSchema), blobs[0], rank);
  if (typeof along === "string") return along;
  const map = mapOf(new Float64Array(shifts.length).fill(1), Float64Array.from(shifts));
  return typeof map === "string" ? map : { map, axis: along.axis, shifts: true };
}

function mapOf(
  scale: Float64Array,
  shift: Float64Array,
  fault = (channel: number) => `scale ${scale[channel]} and shift ${shift[channel]}: no finite numbers`,
): Affine | string {
  const bad = scale.findIndex((value, i) => !(Number.isFinite(value) && Number.isFinite(shift[i])));
  return bad >= 0 ? `channel ${bad} has ${fault(bad)}` : { scale, shift, size: shift.map(Math.abs) };
}

/** The one axis along which an operand has more than one value. */
function axisOf(
  message: string,
  { axis: first, numAxes }: { readonly axis: number; readonly numAxes: number },
  blob: BlobProto | undefined,
  rank: number | undefined,
): { axis: number | undefined } | string {
  const all = blob ? blobShape(blob) : [];
  // Blobs from before 2014 always have four axes; the first axes, of size 1, are removed.
  const shape = numAxes < 0 ? all : all.slice(Math.max(0, all.length - numAxes));
  if (countOf(shape) === 1) return { axis: undefined };
  const long = shape.flatMap((size, i) => (size === 1 ? [] : [i]));
  if (long.length > 1) {
    return `its ${message}.axis ${first} and num_axes give it values of their own along ${long.length} axes (${shape.join("×")})`;
  }
  if (first >= 0) return { axis: first + (long[0] ?? 0) };
  if (rank === undefined)
    return `${message}.axis ${first} counts from the end, and the shape of its bottom is not known`;
  return { axis: rank + first + (long[0] ?? 0) };
}
