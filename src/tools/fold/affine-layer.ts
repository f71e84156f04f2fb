import { create, isFieldSet } from "@bufbuild/protobuf";
import { hasLossWeight } from "../../core/layer-roles.js";
import { writtenGlobalStats } from "../../layers/normalization/batch-norm.js";
import { blobShape, blobValues } from "../../proto/binary/index.js";
import {
  BatchNormParameterSchema,
  BiasParameterSchema,
  type BlobProto,
  type LayerParameter,
  LayerParameterSchema,
  Phase,
  ScaleParameterSchema,
} from "../../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../../util/shape.js";
import type { Affine } from "./affine.js";

/** A layer that multiplies and shifts all values by one pair of numbers, or by one pair for each index of an axis. */
export interface AffineLayer {
  readonly map: Affine;
  /** The axis that its entries are for; nothing where one entry is for the whole blob. */
  readonly axis: number | undefined;
  /** Whether layers of its form shift, even if these values are 0: the layer it is folded into needs a bias then. */
  readonly shifts: boolean;
}

/** The layer types that can be folded. */
export const affineTypes: readonly string[] = ["BatchNorm", "Scale", "Bias"];

/**
 * The affine map of a BatchNorm, Scale or Bias layer in this phase.
 *
 * @param blobs its parameters
 * @param rank the number of axes of its bottom, if that is known
 * @returns the reason if the layer is no such map
 */
export function readAffine(
  layer: LayerParameter,
  blobs: readonly (BlobProto | undefined)[],
  phase: Phase,
  rank: number | undefined,
): AffineLayer | string {
  if (layer.bottom.length !== 1 || layer.top.length !== 1) {
    return layer.type === "BatchNorm" || layer.top.length !== 1
      ? `it has ${layer.bottom.length} bottoms and ${layer.top.length} tops`
      : `its second bottom, "${layer.bottom[1]}", is computed anew for each input`;
  }
  if (hasLossWeight(layer)) return "its top has a loss_weight";
  switch (layer.type) {
    case "BatchNorm":
      return readBatchNorm(layer, blobs, phase);
    case "Scale":
      return readScale(layer, blobs, rank);
    default:
      return readBias(layer, blobs, rank);
  }
}

/** y = (x − M/s)/√(V/s + eps), where M/s and V/s are 0 if s is 0. */
function readBatchNorm(
  layer: LayerParameter,
  blobs: readonly (BlobProto | undefined)[],
  phase: Phase,
): AffineLayer | string {
  const param = layer.batchNormParam ?? create(BatchNormParameterSchema);
  const own = isFieldSet(layer, LayerParameterSchema.field.phase) ? layer.phase : phase;
  const written = writtenGlobalStats(layer);
  if (!(written ?? own === Phase.TEST)) {
    const why = written === false ? "batch_norm_param.use_global_stats is false" : "its phase is TRAIN";
    return `${why}: it normalizes by the statistics of each batch`;
  }
  const values = valuesOf(blobs, 3);
  if (typeof values === "string") return values;
  const [means, variances, factor] = values as [Float32Array, Float32Array, Float32Array];
  if (means.length !== variances.length || factor.length !== 1) {
    return `its blobs have ${means.length}, ${variances.length} and ${factor.length} values, not C, C and 1`;
  }
  const times = factor[0] ? 1 / factor[0] : 0;
  const scale = Float64Array.from(variances, (variance) => 1 / Math.sqrt(times * variance + param.eps));
  const shift = Float64Array.from(means, (mean, i) => -times * mean * (scale[i] ?? 0));
  const bad = scale.findIndex((value, i) => !(Number.isFinite(value) && Number.isFinite(shift[i])));
  if (bad >= 0) {
    return (
      `channel ${bad} has mean ${times * (means[bad] ?? 0)} and variance ${times * (variances[bad] ?? 0)} ` +
      `with eps ${param.eps}: what it puts out is no finite number`
    );
  }
  return { map: { scale, shift, size: shift.map(Math.abs) }, axis: means.length === 1 ? undefined : 1, shifts: true };
}

function readScale(
  layer: LayerParameter,
  blobs: readonly (BlobProto | undefined)[],
  rank: number | undefined,
): AffineLayer | string {
  const { axis, numAxes, biasTerm } = layer.scaleParam ?? create(ScaleParameterSchema);
  const values = valuesOf(blobs, biasTerm ? 2 : 1);
  if (typeof values === "string") return values;
  const [scales, shifts] = values as [Float32Array, Float32Array?];
  const along = axisOf("scale_param", axis, operandShape(blobs[0], numAxes), rank);
  if (typeof along === "string") return along;
  if (shifts && shifts.length !== scales.length) {
    return `its blobs have ${scales.length} and ${shifts.length} values, not as many as each other`;
  }
  const map = mapOf(
    Float64Array.from(scales),
    Float64Array.from(shifts ?? scales, (value) => (shifts ? value : 0)),
  );
  return typeof map === "string" ? map : { map, axis: along.axis, shifts: biasTerm };
}

function readBias(
  layer: LayerParameter,
  blobs: readonly (BlobProto | undefined)[],
  rank: number | undefined,
): AffineLayer | string {
  const { axis, numAxes } = layer.biasParam ?? create(BiasParameterSchema);
  const values = valuesOf(blobs, 1);
  if (typeof values === "string") return values;
  const [shifts] = values as [Float32Array];
  const along = axisOf("bias_param", axis, operandShape(blobs[0], numAxes), rank);
  if (typeof along === "string") return along;
  const map = mapOf(new Float64Array(shifts.length).fill(1), Float64Array.from(shifts));
  return typeof map === "string" ? map : { map, axis: along.axis, shifts: true };
}

function mapOf(scale: Float64Array, shift: Float64Array): Affine | string {
  const bad = scale.findIndex((value, i) => !(Number.isFinite(value) && Number.isFinite(shift[i])));
  if (bad >= 0) return `channel ${bad} has scale ${scale[bad]} and shift ${shift[bad]}: no finite numbers`;
  return { scale, shift, size: shift.map(Math.abs) };
}

/** The values of a layer's parameters, if it has the number that it needs. */
function valuesOf(blobs: readonly (BlobProto | undefined)[], count: number): Float32Array[] | string {
  const values = blobs.flatMap((blob) => (blob ? [blobValues(blob).data] : []));
  if (values.length === 0) return "the weights have no blobs for it";
  if (blobs.length !== count || values.length !== count) {
    return `the weights have ${values.length} blobs for it, where it needs ${count}`;
  }
  return values.every(({ length }) => length > 0) ? values : "a blob of it in the weights is empty";
}

/** The shape of a parameter without the leading ones that blobs of before 2014 have, which always have four axes. */
function operandShape(blob: BlobProto | undefined, numAxes: number): Shape {
  const shape = blob ? blobShape(blob) : [];
  return numAxes < 0 ? shape : shape.slice(Math.max(0, shape.length - numAxes));
}

/** The one axis along which an operand has more than one value. */
function axisOf(
  message: string,
  first: number,
  shape: Shape,
  rank: number | undefined,
): { axis: number | undefined } | string {
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
