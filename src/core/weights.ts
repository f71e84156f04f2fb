import { isFieldSet } from "@bufbuild/protobuf";
import { blobShape, blobValues, makeBlob } from "../proto/binary/blob.js";
import { type BlobProto, BlobProtoSchema, type NetParameter } from "../proto/gen/caffe_pb.js";
import { check, MokaError } from "../util/errors.js";
import type { Log } from "../util/log.js";
import { countOf, formatShape, type Shape, sameShape } from "../util/shape.js";
import type { Layer } from "./layer.js";
import type { Tensor } from "./tensor.js";

/**
 * Copies the blobs of `source` into layers of the same name, as Caffe does. Everything is checked before
 * anything is copied.
 */
export function copyTrainedLayers(layers: readonly Layer[], source: NetParameter, origin: string, log: Log): void {
  const copies: { from: BlobProto; to: Tensor }[] = [];
  for (const { name, blobs } of source.layer) {
    const layer = layers.find((candidate) => candidate.name === name);
    if (!layer) {
      log("info", "net.cpp:745", `Ignoring source layer ${name}`);
      continue;
    }
    if (blobs.length !== layer.params.length) {
      throw layer.error(
        "MOKA_WEIGHTS",
        `has ${layer.params.length} parameters, but ${origin} has ${blobs.length} for it`,
      );
    }
    blobs.forEach((from, index) => {
      const to = layer.params[index] as Tensor;
      checkBlob(layer, from, to, index, origin);
      copies.push({ from, to });
    });
  }
  for (const { from, to } of copies) {
    const { data, diff } = blobValues(from);
    to.data.array.set(data);
    if (diff) to.diff.array.set(diff);
  }
}

function checkBlob(layer: Layer, from: BlobProto, to: Tensor, index: number, origin: string): void {
  const shape = blobShape(from);
  if (!fits(from, shape, to.shape)) {
    throw layer.error(
      "MOKA_WEIGHTS",
      `parameter ${index} has shape ${formatShape(to.shape)}, but ${origin} has ${formatShape(shape)} for it; ` +
        "to learn it from scratch, rename the layer",
    );
  }
  const { length } = blobValues(from).data;
  if (length !== to.count) {
    throw layer.error(
      "MOKA_WEIGHTS",
      `parameter ${index} of shape ${formatShape(to.shape)} has ${length} values in ${origin}`,
    );
  }
}

/** Makes the parameters of `trained` those of the layers of the same name. */
export function shareTrainedLayers(layers: readonly Layer[], trained: readonly Layer[], log: Log): void {
  for (const source of trained) {
    const layer = layers.find(({ name }) => name === source.name);
    if (layer) shareParams(layer, source);
    else log("info", "net.cpp:676", `Ignoring source layer ${source.name}`);
  }
}

function shareParams(layer: Layer, source: Layer): void {
  layer.check(
    layer.params.length === source.params.length,
    "MOKA_WEIGHTS",
    `has ${layer.params.length} parameters here, but ${source.params.length} in the training net`,
  );
  layer.params.forEach((param, i) => {
    const trained = source.params[i] as Tensor;
    layer.check(
      sameShape(param.shape, trained.shape),
      "MOKA_WEIGHTS",
      `parameter ${i} has shape ${formatShape(param.shape)} here, but ${formatShape(trained.shape)} in the training net`,
    );
    param.shareData(trained);
  });
}

/** Equal shapes; blobs of before 2014 have four axes, filled up with ones from the left. */
function fits(blob: BlobProto, shape: Shape, wanted: Shape): boolean {
  if (!isLegacy(blob)) return sameShape(shape, wanted);
  if (wanted.length > 4) return false;
  return sameShape(shape, [...Array<number>(4 - wanted.length).fill(1), ...wanted]);
}

function isLegacy(blob: BlobProto): boolean {
  const { num, channels, height, width } = BlobProtoSchema.field;
  return [num, channels, height, width].some((field) => isFieldSet(blob, field));
}

/** Parameters as blobs of a message, without copying their values. */
export function paramsToMessage(params: readonly Tensor[], withDiff: boolean): BlobProto[] {
  return params.map(({ shape, data, diff }) =>
    makeBlob(shape, { data: asFloat32(data.array), ...(withDiff && { diff: asFloat32(diff.array) }) }),
  );
}

/** Puts a blob's values into a tensor of the same shape; used for solver histories. */
export function loadBlob(from: BlobProto, to: Tensor, what: string): void {
  const shape = blobShape(from);
  check(
    fits(from, shape, to.shape) && blobValues(from).data.length === countOf(to.shape),
    "MOKA_WEIGHTS",
    `${what} has shape ${formatShape(shape)}, where ${formatShape(to.shape)} is needed`,
  );
  to.data.array.set(blobValues(from).data);
}

function asFloat32(array: Float32Array | Float64Array): Float32Array {
  if (array instanceof Float32Array) return array;
  throw new MokaError("MOKA_UNSUPPORTED", "a net in double precision cannot be saved");
}
