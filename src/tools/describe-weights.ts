import { create } from "@bufbuild/protobuf";
import { WeightFileStore } from "../data/weight-files.js";
import { openFiles } from "../platform/open-files.js";
import { blobShape, blobValues } from "../proto/binary/index.js";
import { type LayerParameter, type NetParameter, NetParameterSchema } from "../proto/gen/caffe_pb.js";
import { copySideData } from "../proto/source.js";
import { formatNet } from "../proto/text/index.js";
import type { Weights } from "../proto/weight-sources.js";
import { check } from "../util/errors.js";
import { silent } from "../util/log.js";
import { countOf, type Shape } from "../util/shape.js";
import type { FileOptions } from "./options.js";

/** One blob of trained weights. */
export interface DescribedBlob {
  readonly shape: Shape;
  readonly count: number;
  /** Of the values that are finite; NaN if there are none. */
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly deviation: number;
  /** Values that are NaN or infinite, and values that are 0. */
  readonly notFinite: number;
  readonly zeros: number;
  /** How many of the finite values lie in each of 32 equally wide bins from min to max. */
  readonly histogram: readonly number[];
}

export interface DescribedLayer {
  readonly name: string;
  readonly type: string;
  readonly blobs: readonly DescribedBlob[];
}

export interface DescribedWeights {
  /** The name of the net. */
  readonly name: string;
  /** The layers that have blobs, in the order of the file. */
  readonly layers: readonly DescribedLayer[];
  /** The number of values of all blobs. */
  readonly parameters: number;
  /** The prototxt of the net that the file describes; undefined if it has names and blobs alone, as a `.h5` has. */
  readonly net: string | undefined;
}

const bins = 32;

/**
 * What is in trained weights, layer by layer, without a net: shapes, ranges, distributions, and the net that the file holds.
 *
 * @param weights files or messages, of which the last that has a layer counts
 * @throws MokaError `MOKA_FILE` or `MOKA_PARSE` for files that cannot be read; `MOKA_WEIGHTS` for a blob whose values do not fit its shape
 * @example
 * ```ts
 * const { layers, net } = await describeWeights("net.caffemodel");
 * for (const { name, blobs } of layers) console.log(name, blobs.map(({ shape, mean }) => [shape, mean]));
 * console.log(net.split("\n").length, "lines of prototxt");
 * ```
 */
export async function describeWeights(weights: Weights, options: FileOptions = {}): Promise<DescribedWeights> {
  const read = await readAll(weights, options);
  const layers = read.layer
    .filter(({ blobs }) => blobs.length > 0)
    .map(({ name, type, blobs }) => ({
      name,
      type,
      blobs: blobs.map((blob) => describe(blobValues(blob).data, blobShape(blob))),
    }));
  const parameters = layers.flatMap(({ blobs }) => blobs).reduce((sum, { count }) => sum + count, 0);
  return { name: read.name, layers, parameters, net: netOf(read) };
}

/**
 * The values of one blob of trained weights.
 *
 * @throws MokaError `MOKA_WEIGHTS` if the weights have no such layer or blob
 * @example
 * ```ts
 * const { shape, values } = await weightValues("net.caffemodel", "conv1", 0);
 * console.log(shape, Math.min(...values), Math.max(...values));
 * ```
 */
export async function weightValues(
  weights: Weights,
  layer: string,
  index: number,
  options: FileOptions = {},
): Promise<{ readonly shape: Shape; readonly values: Float32Array }> {
  const read = await readAll(weights, options);
  const blob = read.layer.find(({ name }) => name === layer)?.blobs[index];
  check(blob, "MOKA_WEIGHTS", `the weights have no blob ${index} of a layer "${layer}"`);
  return { shape: blobShape(blob), values: Float32Array.from(blobValues(blob).data) };
}

/** How a blob of two files differs. */
export interface ComparedBlob {
  readonly layer: string;
  readonly index: number;
  readonly shapes: readonly [Shape | undefined, Shape | undefined];
  /** ‖a − b‖/‖a‖, and the largest difference of two values; undefined where one file lacks the blob, or their shapes differ. */
  readonly relative: number | undefined;
  readonly largest: number | undefined;
}

/**
 * Compares two weight files blob by blob, by the names of their layers, in the order of the first; what only the second has comes last.
 *
 * @example
 * ```ts
 * const compared = await compareWeights("a.caffemodel", "net.caffemodel");
 * for (const { layer, index, relative } of compared) console.log(layer, index, relative);
 * ```
 */
export async function compareWeights(
  a: Weights,
  b: Weights,
  options: FileOptions = {},
): Promise<readonly ComparedBlob[]> {
  const [first, second] = [await readAll(a, options), await readAll(b, options)];
  const others = new Map(second.layer.map((layer) => [layer.name, layer]));
  const known = new Set(first.layer.map(({ name }) => name));
  const pairs = [
    ...first.layer.map((layer) => [layer, others.get(layer.name)] as const),
    ...second.layer.filter(({ name }) => !known.has(name)).map((layer) => [undefined, layer] as const),
  ];
  return pairs.flatMap(([one, other]) => {
    const count = Math.max(one?.blobs.length ?? 0, other?.blobs.length ?? 0);
    return Array.from({ length: count }, (_, index) => compare(one, other, index));
  });
}

function compare(one: LayerParameter | undefined, other: LayerParameter | undefined, index: number): ComparedBlob {
  const [a, b] = [one?.blobs[index], other?.blobs[index]];
  const shapes = [a && blobShape(a), b && blobShape(b)] as const;
  const about = { layer: one?.name ?? other?.name ?? "", index, shapes };
  const [x, y] = [a && blobValues(a).data, b && blobValues(b).data];
  // BVLC's old files have (1, 1, 1, C) where new ones have (C): the values are the same.
  if (!x || !y || x.length !== y.length) return { ...about, relative: undefined, largest: undefined };
  let [difference, size, largest] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const distance = Math.abs(Number(x[i]) - Number(y[i]));
    difference += distance * distance;
    size += Number(x[i]) ** 2;
    if (!(distance <= largest)) largest = distance;
  }
  return { ...about, relative: difference === 0 ? 0 : Math.sqrt(difference / size), largest };
}

async function readAll(weights: Weights, options: FileOptions): Promise<NetParameter> {
  return new WeightFileStore(openFiles(options), options.log ?? silent).readAll(weights);
}

/** The net without its blobs, as text; undefined if its layers say nothing but names. */
function netOf(read: NetParameter): string | undefined {
  if (!read.layer.some(({ top, type }) => top.length > 0 && type !== "")) return undefined;
  const net = Object.assign(create(NetParameterSchema), read, {
    layer: read.layer.map((layer) => {
      const bare = { ...layer, blobs: [] };
      copySideData(layer, bare);
      return bare;
    }),
  });
  return formatNet(net);
}

function describe(values: ArrayLike<number>, shape: Shape): DescribedBlob {
  const count = countOf(shape);
  check(
    values.length === count,
    "MOKA_WEIGHTS",
    `a blob of shape ${shape.join(" ")} has ${values.length} values, not ${count}`,
  );
  let [min, max, sum, finite, zeros] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    finite++;
    sum += value;
    if (value === 0) zeros++;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const mean = sum / finite;
  const histogram = Array<number>(bins).fill(0);
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    squares += (value - mean) ** 2;
    const bin = max > min ? Math.min(bins - 1, Math.floor(((value - min) / (max - min)) * bins)) : bins >> 1;
    histogram[bin] = (histogram[bin] ?? 0) + 1;
  }
  const range = finite > 0 ? { min, max } : { min: Number.NaN, max: Number.NaN };
  return {
    shape,
    count,
    ...range,
    mean,
    deviation: Math.sqrt(squares / finite),
    notFinite: count - finite,
    zeros,
    histogram,
  };
}
