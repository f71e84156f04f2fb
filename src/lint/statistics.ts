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
  const [mean, variance, factor, ...more] = weights.of(layer);
  const s = factor?.data[0];
  if (!mean || !variance || s === undefined || more.length > 0) return undefined;
  const divided = (sum: Float32Array) => Array.from(sum, (value) => (s === 0 ? 0 : value / s));
  return {
    factor: s,
    mean: divided(mean.data),
    variance: divided(variance.data),
    filled: [mean, variance].some(({ data }) => data.some((value) => value !== 0)),
  };
}

/** The eps of a BatchNorm. */
export function epsOf({ message }: LintLayer): number {
  return message.batchNormParam?.eps ?? 1e-5;
}

/** The indices of channels, at most five, as text: `channel 3`, `channels 3, 4, 9, …`. */
export function channelList(channels: readonly number[]): string {
  const shown = channels.slice(0, 5).join(", ");
  return `channel${channels.length === 1 ? "" : "s"} ${shown}${channels.length > 5 ? ", …" : ""}`;
}
