import { create, isFieldSet } from "@bufbuild/protobuf";
import { blobShape, blobValues, makeBlob } from "../proto/binary/blob.js";
import {
  type BlobProto,
  BlobProtoSchema,
  LayerParameterSchema,
  type NetParameter,
  NetParameterSchema,
} from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { check, MokaError } from "../util/errors.js";
import type { Log } from "../util/log.js";
import { countOf, formatShape, type Shape, sameShape } from "../util/shape.js";
import type { Layer } from "./layer.js";
import { checkShared, paramSpec } from "./params.js";
import type { Span } from "./span.js";
import type { Tensor } from "./tensor.js";

interface Copy {
  readonly from: BlobProto;
  readonly to: Tensor;
}

/** The most values that are copied in one piece. */
const mostCopied = 2 ** 19;

/**
 * Copies the blobs of `source` into layers of the same name, as Caffe does, piece by piece. All checks come before the first
 * copy.
 */
export function* copyTrainedLayers(
  layers: readonly Layer[],
  source: NetParameter,
  origin: string,
  log: Log,
): Iterable<void> {
  for (const { from, to } of matchTrainedLayers(layers, source, origin, log)) {
    const { data, diff } = blobValues(from);
    yield* copyValues(data, to.data);
    if (diff) yield* copyValues(diff, to.diff);
  }
}

/** Copies values piece by piece. */
export function* copyValues(from: Float32Array | Float64Array, to: Span): Iterable<void> {
  for (let start = 0; start < from.length; start += mostCopied) {
    to.array.set(from.subarray(start, start + mostCopied), start);
    yield;
  }
}

/**
 * Pairs of a blob of `source` and a parameter: those of the first layer with the same name, in order. Layers of
 * `source` that the net does not have are logged and ignored.
 *
 * The blob of a parameter that is shared by `param { name }` may be missing or empty, except for the first one: Caffe's
 * HDF5 files hold a shared parameter once. (Caffe accepts this in HDF5 files only.)
 *
 * @throws MokaError `MOKA_WEIGHTS` where a layer's blobs differ in number, shape or count of values
 */
export function matchTrainedLayers(layers: readonly Layer[], source: NetParameter, origin: string, log: Log): Copy[] {
  const shared = sharedParams(layers);
  const byName = firstByName(layers);
  return source.layer.flatMap(({ name, blobs }) => {
    const layer = byName.get(name);
    if (layer) return matchBlobs(layer, blobs, shared, origin);
    log("info", "net.cpp:746", `Ignoring source layer ${name}`);
    return [];
  });
}

function firstByName(layers: readonly Layer[]): ReadonlyMap<string, Layer> {
  return new Map([...layers].reverse().map((layer) => [layer.name, layer]));
}

function matchBlobs(layer: Layer, given: readonly BlobProto[], shared: ReadonlySet<Tensor>, origin: string): Copy[] {
  const { params } = layer;
  const blobs = layer.adoptBlobs(given, origin);
  layer.check(
    blobs.length <= params.length && params.slice(blobs.length).every((param) => shared.has(param)),
    "MOKA_WEIGHTS",
    `has ${params.length} parameters, but in ${origin} it has ${blobs.length}`,
  );
  return params.flatMap((to, index) => {
    const from = blobs[index];
    if (!from || (shared.has(to) && isPlaceholder(from))) return [];
    checkBlob(layer, from, to, index, origin);
    return { from, to };
  });
}

/** The parameters that use the values of an earlier one. */
function sharedParams(layers: readonly Layer[]): ReadonlySet<Tensor> {
  const owned = new Set<Span>();
  const shared = new Set<Tensor>();
  for (const param of layers.flatMap(({ params }) => params)) {
    if (owned.has(param.data)) shared.add(param);
    owned.add(param.data);
  }
  return shared;
}

/** Whether a blob is a placeholder, without shape and values: HDF5 files hold a shared parameter only once. */
export function isPlaceholder(blob: BlobProto): boolean {
  return blobShape(blob).length === 0 && blobValues(blob).data.length === 0;
}

/** Whether a blob has the same values in the same order, as an InnerProduct has that became a Convolution. */
function fitsAsItLies(shape: Shape, wanted: Shape): boolean {
  const outputs = (axes: Shape) => axes.find((size) => size !== 1) ?? 1;
  return countOf(shape) === countOf(wanted) && outputs(shape) === outputs(wanted);
}

function withoutOnes(shape: Shape): Shape {
  return shape.filter((size) => size !== 1);
}

function checkBlob(layer: Layer, from: BlobProto, to: Tensor, index: number, origin: string): void {
  const shape = blobShape(from);
  const way = fitsAsItLies(shape, to.shape)
    ? `its values fit as they lie: rename the layer, and copy them with net.params.get(name)[${index}].data.set(values), as in ` +
      "examples/notebooks/net_surgery.mjs"
    : "to learn it from scratch, rename the layer";
  layer.check(
    blobFits(from, to.shape) || (layer.paramsByChannel && sameShape(withoutOnes(shape), withoutOnes(to.shape))),
    "MOKA_WEIGHTS",
    `parameter ${index} has shape ${formatShape(to.shape)}, but in ${origin} it has ${formatShape(shape)}; ${way}`,
  );
  const { data, diff = data } = blobValues(from);
  for (const [what, { length }] of [["values", data] as const, ["gradients", diff] as const]) {
    layer.check(
      length === to.count,
      "MOKA_WEIGHTS",
      `parameter ${index} of shape ${formatShape(to.shape)} has ${length} ${what} in ${origin}`,
    );
  }
}

/**
 * Lets the layers use the parameters of the layers of `trained` with the same names. Parameters that share one of those by
 * `param { name }` use it too. So does a parameter whose name is that of a parameter of `trained`. (Caffe leaves such parameters
 * as they were filled.)
 */
export function shareTrainedLayers(layers: readonly Layer[], trained: readonly Layer[], log: Log): void {
  const byName = firstByName(layers);
  const fed = new Set<Layer>();
  /** The trained parameter by the span of values that it replaces. */
  const moved = new Map<Span, Tensor>();
  for (const source of trained) {
    const layer = byName.get(source.name);
    if (!layer) {
      log("info", "net.cpp:678", `Ignoring source layer ${source.name}`);
      continue;
    }
    fed.add(layer);
    const before = layer.params.map(({ data }) => data);
    shareParams(layer, source);
    before.forEach((span, i) => void (moved.has(span) || moved.set(span, source.params[i] as Tensor)));
  }
  const named = new Map<string, Tensor>();
  for (const layer of trained) {
    layer.params.forEach((param, i) => {
      const { name } = paramSpec(layer, i);
      if (name && !named.has(name)) named.set(name, param);
    });
  }
  for (const layer of layers) {
    if (fed.has(layer)) continue;
    layer.params.forEach((param, i) => {
      const spec = paramSpec(layer, i);
      const own = moved.get(param.data);
      const source = own ?? named.get(spec.name);
      if (!source) return;
      if (!own) checkShared(layer, param, spec, source.shape, "in the training net");
      share(param, source);
    });
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
    share(param, trained);
  });
}

function share(param: Tensor, trained: Tensor): void {
  // The solver of the other net writes to these values.
  trained.data.lend();
  param.shareData(trained);
}

/** Whether shapes are equal; blobs from before 2014 have four axes, with axes of size 1 added in front. */
export function blobFits(blob: BlobProto, wanted: Shape): boolean {
  const shape = blobShape(blob);
  if (!isLegacy(blob)) return sameShape(shape, wanted);
  if (wanted.length > 4) return false;
  return sameShape(shape, [...Array<number>(4 - wanted.length).fill(1), ...wanted]);
}

function isLegacy(blob: BlobProto): boolean {
  const { num, channels, height, width } = BlobProtoSchema.field;
  return [num, channels, height, width].some((field) => isFieldSet(blob, field));
}

/** A net's layers with their parameters, as in Caffe's `.caffemodel`. */
export function netToMessage(name: string, layers: readonly Layer[], withDiff = false): NetParameter {
  const layer = layers.map(({ message, params }) =>
    Object.assign(copyMessage(LayerParameterSchema, message), { blobs: paramsToMessage(params, withDiff) }),
  );
  return create(NetParameterSchema, { name, layer });
}

/** Parameters as blobs of a message, without copying their values. */
export function paramsToMessage(params: readonly Tensor[], withDiff: boolean): BlobProto[] {
  return params.map(({ shape, data, diff }) =>
    makeBlob(shape, { data: asFloat32(data.array), ...(withDiff && { diff: asFloat32(diff.array) }) }),
  );
}

/** Copies a blob's values into a tensor of the same shape; used for the histories of solvers. */
export function loadBlob(from: BlobProto, to: Tensor, what: string): void {
  const shape = blobShape(from);
  check(
    blobFits(from, to.shape) && blobValues(from).data.length === countOf(to.shape),
    "MOKA_WEIGHTS",
    `${what} has shape ${formatShape(shape)}, where ${formatShape(to.shape)} is needed`,
  );
  to.data.array.set(blobValues(from).data);
}

function asFloat32(array: Float32Array | Float64Array): Float32Array {
  if (array instanceof Float32Array) return array;
  throw new MokaError("MOKA_UNSUPPORTED", "a net in double precision cannot be saved");
}
