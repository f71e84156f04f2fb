import { create } from "@bufbuild/protobuf";
import { blobLayout } from "../layers/normalization/blob-layouts.js";
import { blobShape, blobValues, makeBlob } from "../proto/binary/blob.js";
import { type BlobProto, LayerParameterSchema, type NetParameter } from "../proto/gen/caffe_pb.js";

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
