import { formatNumber } from "../../util/number-format.js";
import { type ChannelStatistics, divergences, mean, statisticsIn } from "../batch-norm/fit.js";
import type { NormBlobs } from "../batch-norm/norm-layers.js";

/** Another meaning that the numbers of a BatchNorm's blobs can have. */
export interface Reading {
  /** The same for layers that one tool wrote, though their numbers may differ. */
  readonly kind: "factor" | "undivided" | "sigma" | "inverse sigma" | "exchanged" | "negated";
  /** What the blobs hold, to follow "the blobs of bn1 hold". */
  readonly text: string;
  /** What makes them right, to follow "in the weights". */
  readonly repair: string;
  /** The averages that they mean. */
  readonly blobs: NormBlobs;
  /** How far what reaches the layer is from these averages, in nats, the mean over the channels. */
  readonly divergence: number;
}

/**
 * How far a BatchNorm's variances alone are from what reaches it, where its means are all 0; undefined where they are not.
 */
export function withoutMeans(blobs: NormBlobs, measured: ChannelStatistics, eps: number): number | undefined {
  const { mean: means, variance } = statisticsIn(blobs);
  const isLost = Array.from(means).every((value) => value === 0) && Array.from(variance).some((value) => value !== 0);
  if (!isLost) return undefined;
  return mean(divergences({ mean: means, variance: measured.variance }, { mean: means, variance }, eps));
}

/** A reading must fit this many times better than the blobs as they are. */
const clearly = 10;

/**
 * The reading with which a BatchNorm's blobs fit what reaches it, if there is one that fits far better than the blobs as they
 * are.
 *
 * @param limit the divergence up to which averages fit, in nats
 */
export function readingOf(
  blobs: NormBlobs,
  measured: ChannelStatistics,
  settings: Settings,
  limit: number,
): Reading | undefined {
  // One channel can be read in any way.
  if (blobs.mean.length < 2) return undefined;
  const now = mean(divergences(measured, statisticsIn(blobs), settings.eps));
  const [best] = allReadings(blobs, measured, settings);
  return best && best.divergence <= limit && best.divergence * clearly < now ? best : undefined;
}

interface Settings {
  readonly eps: number;
  /** `moving_average_fraction`. */
  readonly fraction: number;
}

/**
 * All readings, the one that fits best first. They come from tools that convert nets: these divide by the factor or not, keep σ or
 * 1/σ, exchange blobs, or negate the mean.
 */
export function allReadings(
  blobs: NormBlobs,
  measured: ChannelStatistics,
  { eps, fraction }: Settings,
): readonly Reading[] {
  const { mean: sums, variance: squares, factor } = blobs;
  const s = factor === 0 ? 1 : factor;
  const [means, variances] = [sums.map((value) => value / s), squares.map((value) => value / s)];
  const candidates: readonly Omit<Reading, "divergence">[] = [
    ...factorReadings(blobs, measured, fraction),
    {
      kind: "sigma",
      text: "σ, not the variance, as second blob",
      repair: "square the second blob",
      blobs: { mean: means, variance: variances.map((v) => v * v), factor: 1 },
    },
    {
      kind: "inverse sigma",
      text: "1/σ, not the variance, as second blob",
      repair: `put 1/v² − ${formatNumber(eps)} for each value v of the second blob`,
      blobs: { mean: means, variance: variances.map((v) => (v === 0 ? 0 : Math.max(0, 1 / (v * v) - eps))), factor: 1 },
    },
    {
      kind: "exchanged",
      text: "the variance first, and the mean second",
      repair: "exchange the first two blobs",
      blobs: { mean: variances, variance: means, factor: 1 },
    },
    {
      kind: "negated",
      text: "the mean with the opposite sign",
      repair: "turn the sign of the first blob",
      blobs: { mean: means.map((value) => -value), variance: variances, factor: 1 },
    },
  ];
  return candidates
    .map((each) => ({ ...each, divergence: mean(divergences(measured, statisticsIn(each.blobs), eps)) }))
    .sort((a, b) => a.divergence - b.divergence);
}

/**
 * Readings with another factor, those that tools write: 1, where it was left out or the blobs are divided already; and, for a
 * factor of 1, the one that the blobs still have in them. Any other number would fit too much.
 */
function factorReadings(
  { mean: sums, variance: squares, factor }: NormBlobs,
  measured: ChannelStatistics,
  fraction: number,
) {
  const at = (kind: "factor" | "undivided", value: number, text: string) => ({
    kind,
    text,
    repair: `set the factor to ${formatNumber(value, 4)}`,
    blobs: { mean: sums, variance: squares, factor: value },
  });
  // A long training ends with the largest factor that there is; a short one with less.
  const largest = 1 / (1 - fraction);
  if (factor === 0)
    return [at("factor", 1, "mean and variance as they are, for a factor of 1, and 0 as factor"), ...undivided()];
  if (factor !== 1) {
    const others = factor > 1.01 * largest ? undivided() : [];
    return [
      ...others,
      at("factor", 1, `mean and variance divided by the factor already, and ${formatNumber(factor)} as factor`),
    ];
  }
  return undivided();

  function undivided() {
    const ratios = Array.from(squares, (value, c) => value / (measured.variance[c] ?? 0))
      .filter((ratio) => Number.isFinite(ratio) && ratio > 1)
      .sort((a, b) => a - b);
    const fitting = ratios[ratios.length >> 1] ?? 0;
    // The averages are always a little off: near the largest factor it is that.
    return (Math.abs(fitting / largest - 1) < 0.05 ? [largest] : [largest, fitting])
      .filter((value) => value > 1.5 && value < 1.05 * largest)
      .map((value) =>
        at(
          "undivided",
          value,
          `mean and variance that are still to be divided by about ${formatNumber(value, 3)}, and ${formatNumber(factor)} as factor`,
        ),
      );
  }
}
