import { formatNumber } from "../../util/number-format.js";

/** The facts about the training of a BatchNorm's averages that follow from its third blob, the factor. */
export interface FactorReading {
  /**
   * `empty`: never trained. `left out`: 0, though mean and variance are not; they were converted as they are, for a factor
   * of 1. `converted`: mean and variance were written as they are, or come from a single update.
   * `growing`: the first updates still count. `saturated`: they no longer do. `too large`: above the limit that
   * `moving_average_fraction` allows. `invalid`: negative or not finite.
   */
  readonly state: "empty" | "left out" | "converted" | "growing" | "saturated" | "too large" | "invalid";
  /** The approximate number of updates, if the factor tells it. */
  readonly updates?: number;
  /** The meaning in words. */
  readonly text: string;
}

/** Below this f^n the first of n updates counts as forgotten. */
const forgotten = 1e-3;
/** Below this f^n, n cannot be computed from the factor, because it is a rounded float. */
const unreadable = 1e-4;

/**
 * Each update makes the factor s ← f·s + 1. After n updates it is (1 − f^n)/(1 − f), so n = log(1 − s(1 − f))/log f.
 *
 * @param s the factor; `f` is `moving_average_fraction`; `isFilled`: mean or variance has a value that is not 0
 */
export function readFactor(s: number, f: number, isFilled = false): FactorReading {
  const shown = formatNumber(s);
  if (!Number.isFinite(s) || s < 0) return { state: "invalid", text: `${shown}: no factor can be that` };
  if (s === 0 && isFilled) {
    return { state: "left out", text: "0, though mean and variance are not: the layer takes 0 for both" };
  }
  if (s === 0) return { state: "empty", text: "0: never trained" };
  if (f >= 1)
    return { state: "growing", updates: s, text: `${shown}: ${Math.round(s)} updates, each counting as much` };
  if (Math.abs(s - 1) <= 1e-6) {
    return { state: "converted", ...(f > 0 && { updates: 1 }), text: "1: converted, or a single update" };
  }
  const left = 1 - s * (1 - f);
  if (left < -forgotten || f <= 0) {
    const limit = f > 0 ? formatNumber(1 / (1 - f)) : "1";
    return {
      state: "too large",
      text: `${shown}: more than ${limit}, all that moving_average_fraction ${formatNumber(f)} allows`,
    };
  }
  const updates = left > 0 ? Math.log(left) / Math.log(f) : Number.POSITIVE_INFINITY;
  if (left <= unreadable) {
    const least = Math.floor(Math.log(unreadable) / Math.log(f));
    return { state: "saturated", text: `${shown}: saturated, over ${least} updates` };
  }
  const count = Math.round(updates);
  if (left <= forgotten)
    return { state: "saturated", updates: count, text: `${shown}: saturated, about ${count} updates` };
  return { state: "growing", updates: count, text: `${shown}: about ${count} updates` };
}
