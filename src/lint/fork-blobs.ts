import { create } from "@bufbuild/protobuf";
import { blobShape, blobValues, makeBlob } from "../proto/binary/blob.js";
import { type BlobProto, LayerParameterSchema, type NetParameter } from "../proto/gen/caffe_pb.js";
import { countOf } from "../util/shape.js";
import type { WeightBlob } from "./weights.js";

/** What the blobs of a fork's batch normalization are, by their index. Caffe's are 0 M, 1 V, 2 s. */
export interface BlobLayout {
  readonly fork: string;
  /** In words, in their order. */
  readonly blobs: string;
  readonly mean: number | undefined;
  readonly variance: number | undefined;
  /** Without one, mean and variance stand as they are. */
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
 * Tells a fork's layout by how many blobs there are and which of them has a single value; nothing for Caffe's own and
 * for any other. NVIDIA's 0.14 has its blobs with four axes, as (1, C, 1, 1), and only so it differs from those after 0.15.
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
 * Gives the blobs of a layer of a fork to the BatchNorm and the Scale that take its place, the Scale's under its own
 * name; with a layout without averages the layer as a whole becomes the Scale. Blobs of any other layout stay.
 */
export function splitBlobs(weights: NetParameter, name: string, scaleName: string): void {
  const index = weights.layer.findIndex((layer) => layer.name === name);
  const layer = weights.layer[index];
  const blobs = layer?.blobs.map((blob) => ({ shape: blobShape(blob), data: blobValues(blob).data })) ?? [];
  const layout = blobLayout(blobs);
  if (!layer || !layout) return;
  const { mean, variance, factor, scale, shift } = layout;
  const affine = [scale, shift].flatMap((each) => vectors(layer.blobs, each));
  if (mean === undefined || variance === undefined) {
    Object.assign(layer, { name: scaleName, type: "Scale", blobs: affine });
    return;
  }
  // NVIDIA's factor does not count, and is 0 in nets that went from one of its layouts to the next.
  const s = (factor === undefined ? undefined : blobs[factor]?.data[0]) || 1;
  const factors = [makeBlob([1], { data: new Float32Array([s]) })];
  layer.type = "BatchNorm";
  layer.blobs = [...vectors(layer.blobs, mean), ...vectors(layer.blobs, variance), ...factors];
  const there = weights.layer.find((each) => each.name === scaleName);
  if (there) there.blobs = affine;
  else
    weights.layer.splice(index + 1, 0, create(LayerParameterSchema, { name: scaleName, type: "Scale", blobs: affine }));
}

/** The values of a blob in one of one axis, as Caffe has them. */
function vectors(blobs: readonly BlobProto[], index: number | undefined): BlobProto[] {
  const blob = index === undefined ? undefined : blobs[index];
  if (!blob) return [];
  const { data } = blobValues(blob);
  return [makeBlob([data.length], { data })];
}
