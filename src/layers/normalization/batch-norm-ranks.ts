// What the BatchNorm layer does where several ranks train a net together.
import type { Communicator } from "../../core/communicator.js";
import type { Channels } from "../../core/kernels.js";
import type { Recorder } from "../../core/recorder.js";
import type { FloatArray, Span } from "../../core/span.js";
import { readPairs, writePairs } from "../../util/double-pairs.js";

/** A layer's parameters M, V and s, and `moving_average_fraction`. */
export interface Averages {
  readonly runningMean: Span;
  readonly runningVariance: Span;
  readonly factor: Span;
  readonly fraction: number;
}

/** The statistics of a batch, and the averages that they move. */
export interface Moved {
  readonly mean: Span;
  readonly variance: Span;
  readonly runningMean: Span;
  readonly runningVariance: Span;
  readonly factor: Span;
  /** The number of values of a channel. */
  readonly count: number;
}

/** The number of values of each channel on all ranks together, in the last forward. */
export interface Total {
  count: number;
}

/**
 * Records the statistics of each channel over the batches of all ranks: the mean, the biased variance, and, returned, the
 * variance ÷ (count − 1), which is the biased one where there is only one value.
 *
 * Each rank sends sums of distances from a center that is equal on all ranks, the average so far. So the only digits that are
 * lost are those that the batch is away from its average, in deviations.
 */
export function recordStatistics(
  k: Recorder,
  communicator: Communicator,
  total: Total,
  args: Channels & Averages & { readonly x: Span; readonly mean: Span; readonly variance: Span },
): Span {
  const { x, runningMean, factor, mean, variance, n, channels, inner } = args;
  const center = k.span("center", channels);
  const sums = k.span("sums", 4 * channels);
  const unbiased = k.span("unbiased", channels);
  k.batchNormMoments({ x, runningMean, factor, center, sums, n, channels, inner });
  const sum = {
    count: 2 * channels + 1,
    write(message: Float64Array) {
      readPairs(sums.peek(), message);
      message[2 * channels] = n * inner;
    },
    read(message: Float64Array) {
      const count = message[2 * channels] as number;
      total.count = count;
      if (count === 0) return;
      const [means, variances, corrected, centers] = [mean.array, variance.array, unbiased.array, center.peek()];
      for (let c = 0; c < channels; c++) {
        const distance = (message[c] as number) / count;
        // Rounding may make the variance negative: it becomes 0 then. NaN stays NaN.
        const spread = Math.max(0, (message[channels + c] as number) / count - distance * distance);
        means[c] = (centers[c] as number) + distance;
        variances[c] = spread;
        corrected[c] = count > 1 ? (spread * count) / (count - 1) : spread;
      }
    },
  };
  k.sumOverRanks(communicator, sum, { reads: [sums, center], writes: [mean, variance, unbiased] });
  return unbiased;
}

/** Records the gradient of a normalization by the statistics of all ranks; y are the normalized values. */
export function recordGradient(
  k: Recorder,
  communicator: Communicator,
  total: Total,
  args: Channels & {
    readonly y: Span;
    readonly dy: Span;
    readonly variance: Span;
    readonly dx: Span;
    readonly eps: number;
  },
): void {
  const { y, dy, n, channels, inner } = args;
  const sums = k.span("sums", 4 * channels);
  const averages = k.span("averages", 4 * channels);
  k.batchNormBackwardSums({ y, dy, sums, n, channels, inner });
  const sum = {
    count: 2 * channels,
    write: (message: Float64Array) => readPairs(sums.peek(), message),
    read(message: Float64Array) {
      for (let i = 0; i < message.length; i++) message[i] = (message[i] as number) / total.count;
      writePairs(message, averages.array);
    },
  };
  k.sumOverRanks(communicator, sum, { reads: [sums], writes: [averages] });
  k.batchNormBackwardApply({ ...args, averages });
}

/**
 * Moves the averages as `batchNormAverage` does, rounded as in the memory they are in, by the mean and the biased variance of
 * `count` values a channel.
 */
export function moveAverages(
  { runningMean, runningVariance, factor, fraction }: Averages,
  mean: ArrayLike<number>,
  variance: ArrayLike<number>,
  count: number,
): void {
  const move = (sums: FloatArray, values: ArrayLike<number>, times: number) => {
    const round = sums instanceof Float32Array ? Math.fround : (value: number) => value;
    const [f, t] = [round(fraction), round(times)];
    for (let i = 0; i < sums.length; i++) {
      sums[i] = round(f * (sums[i] as number)) + round(t * round(values[i] as number));
    }
  };
  move(runningMean.array, mean, 1);
  move(runningVariance.array, variance, correctionOf(count));
  move(factor.array, [1], 1);
}

/** What makes the biased variance of `count` values the unbiased one; 1 for a single value. */
export function correctionOf(count: number): number {
  return count > 1 ? count / (count - 1) : 1;
}
