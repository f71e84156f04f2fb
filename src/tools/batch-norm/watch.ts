import { connect } from "../../core/graph.js";
import type { Layer } from "../../core/layer.js";
import type { Net } from "../../core/net.js";
import type { FloatArray } from "../../core/span.js";
import { isForksNorm } from "../../layers/normalization/batch-norm-forks.js";
import { batchNormParam, writtenGlobalStats } from "../../layers/normalization/batch-norm-param.js";
import { scaleBehind } from "../../layers/normalization/scale-behind.js";
import { check } from "../../util/errors.js";
import { countOf, type Shape } from "../../util/shape.js";
import { divergences, mean, statisticsIn } from "./fit.js";
import { Moments } from "./moments.js";
import { normBlobsIn } from "./norm-layers.js";

/** How often values lie in each of equally wide bins from `min` to `max`; values outside count in the first and the last. */
export interface WatchedValues {
  readonly min: number;
  readonly max: number;
  readonly counts: readonly number[];
}

/** What a BatchNorm of a net does with the batch that ran last. One value for each channel, in lists. */
export interface WatchedBatchNorm {
  readonly layer: string;
  readonly channels: number;
  /** N·H·W: the values of a channel in the batch. */
  readonly m: number;
  readonly eps: number;
  /** Whether it normalizes by its averages, in this net's phase and with its settings. */
  readonly usesGlobalStats: boolean;
  /** Of the bottom, over this batch; the variance is ÷ m. */
  readonly batchMean: readonly number[];
  readonly batchVariance: readonly number[];
  /** The averages by which TEST normalizes: M/s and V/s; 0 where s is 0. */
  readonly runningMean: readonly number[];
  readonly runningVariance: readonly number[];
  /** s, the third blob. */
  readonly factor: number;
  /** Of the Scale behind it; absent without one, or without its bias. */
  readonly gamma?: readonly number[];
  readonly beta?: readonly number[];
  /** KL(N(μ, σ²) ‖ N(M/s, V/s)) of this batch, in nats, of each channel, and its mean; infinite where the averages make no variance. */
  readonly divergences: readonly number[];
  readonly divergence: number;
  /** The channels of which a ReLU behind the pair passes no value of this batch; absent if none is behind it. */
  readonly dead?: readonly number[];
  /** The channel that was asked for, and its values: of the bottom, normalized, and after the Scale. */
  readonly channel: number;
  readonly input: WatchedValues;
  readonly normalized: WatchedValues;
  readonly scaled?: WatchedValues;
}

export interface WatchOptions {
  /** From 0. Default 0. */
  readonly channel?: number | undefined;
  /** Bins of each histogram. Default 40. */
  readonly bins?: number | undefined;
}

/**
 * Looks at a BatchNorm after a forward: the statistics of its batch beside its averages, and what becomes of one channel. Its bottom
 * must be there still: load its solver with `separateBatchNorm`, or write the BatchNorm with a top of its own.
 *
 * @param name a BatchNorm layer of BVLC's Caffe
 * @throws MokaError `MOKA_LAYER` if there is no such layer; `MOKA_BLOB` if it works in place, so that its bottom is gone; `MOKA_USAGE` for a
 *   channel that it does not have
 * @example
 * ```ts
 * const solver = await Solver.load("solver.prototxt", { separateBatchNorm: true });
 * await solver.step(10);
 * const { batchMean, runningMean } = watchBatchNorm(solver.net, "bn1");
 * console.log(batchMean[0], runningMean[0]);
 * ```
 */
export function watchBatchNorm(
  net: Net,
  name: string,
  { channel = 0, bins = 40 }: WatchOptions = {},
): WatchedBatchNorm {
  const node = net.nodes.find(({ layer }) => layer.name === name);
  const isNorm = node?.layer.type === "BatchNorm" && !isForksNorm(node.layer.message);
  check(isNorm && node, "MOKA_LAYER", `the net has no BatchNorm layer "${name}" of BVLC's Caffe`);
  const { layer, bottom, top } = node;
  const [x, y] = [bottom[0], top[0]];
  check(x && y, "MOKA_LAYER", `layer "${name}" has no bottom and top`);
  const isKept = x.data !== y.data;
  check(
    isKept,
    "MOKA_BLOB",
    `layer "${name}" works in place, so its bottom is gone: load its solver with separateBatchNorm`,
  );
  const moments = new Moments(x.shape[1] ?? 1);
  moments.add(x.data.array, x.shape);
  const { channels } = moments;
  const isChannel = Number.isInteger(channel) && channel >= 0 && channel < channels;
  check(isChannel, "MOKA_USAGE", `layer "${name}" has channels 0 to ${channels - 1}, not ${channel}`);
  const { eps } = batchNormParam(layer.message);
  const usesGlobalStats = writtenGlobalStats(layer.message) ?? net.phase === "TEST";
  const batch = { mean: moments.mean, variance: moments.variance(false) };
  const blobs = normBlobsIn(layer);
  const running = statisticsIn(blobs);
  const nats = divergences(batch, running, eps);
  const by = usesGlobalStats ? running : batch;
  const scale = scaleOf(net, layer, x.shape.length);
  const [gamma, beta] = (scale?.params ?? []).map(({ data }) => [...data.array]);
  const values = channelValues(x.data.array, x.shape, channel);
  const deviation = Math.sqrt((by.variance[channel] ?? 0) + eps);
  const normalized = values.map((value) => (value - (by.mean[channel] ?? 0)) / deviation);
  const scaled = gamma && normalized.map((value) => value * (gamma[channel] ?? 1) + (beta?.[channel] ?? 0));
  const dead = deadChannels(net, scale ?? layer);
  return {
    layer: name,
    channels,
    m: countOf(x.shape) / channels,
    eps,
    usesGlobalStats,
    batchMean: [...batch.mean],
    batchVariance: [...batch.variance],
    runningMean: Array.from(running.mean),
    runningVariance: Array.from(running.variance),
    factor: blobs.factor,
    ...(gamma && { gamma }),
    ...(beta && { beta }),
    divergences: nats,
    divergence: mean(nats),
    ...(dead && { dead }),
    channel,
    input: histogram(values, bins),
    normalized: histogram(normalized, bins),
    ...(scaled && { scaled: histogram(scaled, bins) }),
  };
}

function scaleOf(net: Net, norm: Layer, rank: number): Layer | undefined {
  const found = scaleBehind(connect(net.layers.map(({ message }) => message)), norm.message, rank);
  return net.layers.find(({ message }) => message === found);
}

/** The channels of which the ReLU that reads a layer's top, in place or not, passes nothing. */
function deadChannels(net: Net, layer: Layer): readonly number[] | undefined {
  const graph = connect(net.layers.map(({ message }) => message));
  const relu = graph.readers(layer.message).find(({ layer: { type } }) => type === "ReLU")?.layer;
  const y = net.nodes.find((node) => node.layer.message === relu)?.top[0];
  // A later layer in place has replaced what the ReLU passed.
  const isLast = relu && graph.tops(relu)[0]?.next === undefined;
  if (!y || !isLast) return undefined;
  const channels = y.shape[1] ?? 1;
  return Array.from({ length: channels }, (_, c) => c).filter((c) => {
    return channelValues(y.data.array, y.shape, c).every((value) => value <= 0);
  });
}

/** The values of a channel of a blob (N, C, …). */
function channelValues(data: FloatArray, shape: Shape, channel: number): Float64Array {
  const [n = 1, channels = 1] = shape;
  const inner = countOf(shape, 2);
  const values = new Float64Array(n * inner);
  for (let i = 0; i < n; i++) {
    const from = (i * channels + channel) * inner;
    values.set(data.subarray(from, from + inner), i * inner);
  }
  return values;
}

function histogram(values: Float64Array, bins: number): WatchedValues {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const counts = Array<number>(bins).fill(0);
  const isSpread = max > min && Number.isFinite(max - min);
  for (const value of values) {
    const bin = isSpread
      ? Math.min(bins - 1, Math.max(0, Math.floor(((value - min) / (max - min)) * bins)))
      : bins >> 1;
    if (!Number.isNaN(value)) counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { min, max, counts };
}
