import { batchNormParam, storedStatistics } from "../layers/normalization/batch-norm.js";
import type { LintLayer } from "./layer.js";
import type { Blobs } from "./weights.js";

/** What a BatchNorm has learned, as it uses it in TEST. */
export interface Statistics {
  /** s, which its sums are divided by. */
  readonly factor: number;
  /** M/s by channel; where s is 0, 0. */
  readonly mean: readonly number[];
  /** V/s by channel; where s is 0, 0. */
  readonly variance: readonly number[];
  /** Whether its sums hold anything but zeros. */
  readonly filled: boolean;
}

/** The statistics in a caffemodel; nothing where it has none for this layer, or not Caffe's three blobs. */
export function statisticsOf(weights: Blobs, layer: LintLayer): Statistics | undefined {
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

/** The indices of some channels in words: `channel 3`, `channels 3, 4, 9, …`. */
export function channelList(channels: readonly number[]): string {
  const shown = channels.slice(0, 5).join(", ");
  return `channel${channels.length === 1 ? "" : "s"} ${shown}${channels.length > 5 ? ", …" : ""}`;
}
