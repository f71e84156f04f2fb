import { storedStatistics } from "../../layers/normalization/batch-norm-param.js";
import type { NormBlobs } from "./norm-layers.js";

/** Mean and variance of each channel. */
export interface ChannelStatistics {
  readonly mean: ArrayLike<number>;
  readonly variance: ArrayLike<number>;
}

/** What a BatchNorm normalizes by in TEST: M/s and V/s; 0 where s is 0. */
export function statisticsIn({ mean, variance, factor }: NormBlobs): ChannelStatistics {
  return { mean: storedStatistics(mean, factor), variance: storedStatistics(variance, factor) };
}

/**
 * The divergence of the data's normal distribution from the stored one, KL(N(μ, σ²) ‖ N(M/s, V/s)), in nats, of each channel.
 * `eps` is added to both variances, as the layer does. It is infinite where a stored value is no number, or makes no variance.
 */
export function divergences(measured: ChannelStatistics, stored: ChannelStatistics, eps: number): number[] {
  return Array.from(measured.variance, (value, c) => {
    const [has, wants] = [(stored.variance[c] ?? 0) + eps, value + eps];
    const distance = (measured.mean[c] ?? 0) - (stored.mean[c] ?? 0);
    const nats = 0.5 * ((wants + distance * distance) / has - 1 - Math.log(wants / has));
    // Rounding errors can make it slightly negative.
    return has > 0 && !Number.isNaN(nats) ? Math.max(0, nats) : Number.POSITIVE_INFINITY;
  });
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum / Math.max(1, values.length);
}
