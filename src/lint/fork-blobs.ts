import { create } from "@bufbuild/protobuf";
import { blobShape, blobValues, makeBlob } from "../proto/binary/blob.js";
import { type BlobProto, LayerParameterSchema, type NetParameter } from "../proto/gen/caffe_pb.js";
import { countOf } from "../util/shape.js";
import type { WeightBlob } from "./weights.js";

/** The order of the blobs of a fork's batch normalization, as indices. In Caffe M is 0, V is 1 and s is 2. */
export interface BlobLayout {
  readonly fork: string;
  /** Names of the blobs in their order, for messages. */
  readonly blobs: string;
  readonly mean: number | undefined;
  readonly variance: number | undefined;
  /** Undefined: mean and variance are stored undivided. */
  readonly factor: number | undefined;
  readonly scale: number | undefined;
  readonly shift: number | undefined;
}

const layouts = {
  segnet: layout("SegNet", "scale", "shift"),
  pspnet: layout("PSPNet", "slope", "bias", "mean", "variance"),
  intelWithoutShift: layout("Intel", "mean", "variance", "factor", "scale"),
  nvidia: layout("NVIDIA or Intel", "mean", "variance", "factor", "scale", "shift"),
  nvidia15: layout("NVIDIA (0.15, DIGITS)", "scale", "shift", "mean", "variance", "one that is not used"),
  nvidia14: layout("NVIDIA (0.14)", "scale", "shift", "one that is not used", "mean", "variance"),
};

function layout(fork: string, ...blobs: readonly string[]): BlobLayout {
  const at = (...names: readonly string[]) => {
    const index = blobs.findIndex((name) => names.includes(name));
    return index < 0 ? undefined : index;
  };
  return {
    fork,
    blobs: blobs.join(", "),
    mean: at("mean"),
    variance: at("variance"),
    factor: at("factor"),
    scale: at("scale", "slope"),
    shift: at("shift", "bias"),
  };
}

/**
 * Finds a fork's layout by the number of blobs and by which of them has a single value; undefined for any other layout
 * and for Caffe's. Only the four axes of its blobs, (1, C, 1, 1), tell NVIDIA's 0.14 from NVIDIA's later versions.
 */
export function blobLayout(blobs: readonly WeightBlob[]): BlobLayout | undefined {
  const counts = blobs.map(({ shape }) => countOf(shape));
  const channels = Math.max(...counts);
  const single = counts.map((count) => count === 1 && channels > 1);
  if (counts.some((count, index) => count !== channels && !single[index])) return undefined;
  const singles = single.filter(Boolean).length;
  if (blobs.length === 2 && singles === 0) return layouts.segnet;
  if (blobs.length === 4 && singles === 0) return layouts.pspnet;
  if (blobs.length === 4 && singles === 1 && single[2]) return layouts.intelWithoutShift;
  if (blobs.length !== 5 || (singles !== 1 && channels > 1)) return undefined;
  if (single[4]) return layouts.nvidia15;
  if (!single[2] && channels > 1) return undefined;
  return blobs[0]?.shape.length === 4 ? layouts.nvidia14 : layouts.nvidia;
}

/**
 * Splits the blobs of a fork's layer between the BatchNorm and the Scale that replace it. In a layout without averages
 * the layer becomes the Scale. Blobs of an unknown layout are left unchanged.
 */
export function splitBlobs(weights: NetParameter, name: string, scaleName: string): void {
  const index = weights.layer.findIndex((layer) => layer.name === name);
  const layer = weights.layer[index];
  const blobs = layer?.blobs.map((blob) => ({ shape: blobShape(blob), data: blobValues(blob).data })) ?? [];
  const layout = blobLayout(blobs);
  if (!layer || !layout) return;
  const { mean, variance, factor, scale, shift } = layout;
  const affine = [scale, shift].flatMap((each) => asVector(layer.blobs, each));
  if (mean === undefined || variance === undefined) {
    Object.assign(layer, { name: scaleName, type: "Scale", blobs: affine });
    return;
  }
  // NVIDIA's layers ignore the factor, which is 0 in nets converted from one NVIDIA layout to another.
  const s = (factor === undefined ? undefined : blobs[factor]?.data[0]) || 1;
  const factors = [makeBlob([1], { data: new Float32Array([s]) })];
  layer.type = "BatchNorm";
  layer.blobs = [...asVector(layer.blobs, mean), ...asVector(layer.blobs, variance), ...factors];
  const existing = weights.layer.find((each) => each.name === scaleName);
  if (existing) existing.blobs = affine;
  else
    weights.layer.splice(index + 1, 0, create(LayerParameterSchema, { name: scaleName, type: "Scale", blobs: affine }));
}

/** A blob's values with one axis, as in Caffe; an empty list for a blob that is not there. */
function asVector(blobs: readonly BlobProto[], index: number | undefined): BlobProto[] {
  const blob = index === undefined ? undefined : blobs[index];
  if (!blob) return [];
  const { data } = blobValues(blob);
  return [makeBlob([data.length], { data })];
}
