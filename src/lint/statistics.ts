import { batchNormParam, storedStatistics } from "../layers/normalization/batch-norm-param.js";
import { memoized } from "../util/memoized.js";
import type { LintLayer } from "./layer.js";
import type { Blobs } from "./weights.js";

/** The averages of a BatchNorm, as it uses them in TEST. */
export interface Statistics {
  /** s, the divisor of its sums. */
  readonly factor: number;
  /** M/s by channel; 0 if s is 0. */
  readonly mean: readonly number[];
  /** V/s by channel; 0 if s is 0. */
  readonly variance: readonly number[];
  /** Whether M or V has a value that is not 0. */
  readonly filled: boolean;
}

/** A layer's statistics in a caffemodel; undefined if it does not have Caffe's three blobs for the layer. */
export function statisticsOf(weights: Blobs, layer: LintLayer): Statistics | undefined {
  const known = read(weights);
  if (!known.has(layer.name)) known.set(layer.name, readStatistics(weights, layer));
  return known.get(layer.name);
}

/** The statistics that were read, by the names of layers: many rules ask for them. */
const read = memoized((_: Blobs) => new Map<string, Statistics | undefined>());

function readStatistics(weights: Blobs, layer: LintLayer): Statistics | undefined {
  const [mean, variance, factor, ...more] = weights.of(layer);
  const s = factor?.data[0];
  if (!mean || !variance || s === undefined || more.length > 0) return undefined;
  return {
    factor: s,
    mean: [...storedStatistics(mean.data, s)],
    variance: [...storedStatistics(variance.data, s)],
    filled: [mean, variance].some(({ data }) => data.some((value) => value !== 0)),
  };
}

export function epsOf({ message }: LintLayer): number {
  return batchNormParam(message).eps;
}

/** The indices of channels, at most five, as text: `channel 3`, `channels 3, 4, 9, …`. */
export function channelList(channels: readonly number[]): string {
  const shown = channels.slice(0, 5).join(", ");
  return `channel${channels.length === 1 ? "" : "s"} ${shown}${channels.length > 5 ? ", …" : ""}`;
}
