import { formatNumber } from "../../util/number-format.js";

/** What the third blob of a BatchNorm says about how its averages came about. */
export interface FactorReading {
  /**
   * `empty`: never trained. `converted`: mean and variance were put in as they are, or by a single update. `growing`: the
   * average still knows its first updates. `saturated`: it has forgotten them. `too large`: more than this fraction allows.
   * `invalid`: negative or not finite.
   */
  readonly state: "empty" | "converted" | "growing" | "saturated" | "too large" | "invalid";
  /** About how many updates it has seen, where that can be told. */
  readonly updates?: number;
  /** In words. */
  readonly text: string;
}

/** What is left of 1 − f^n … 1 when the first updates no longer matter. */
const forgotten = 1e-3;
/** Below this the factor's own rounding (it is a float) hides how many there were. */
const unreadable = 1e-4;

/**
 * Each update makes the factor s ← f·s + 1, so that after n of them it is (1 − f^n)/(1 − f), and n = log(1 − s(1 − f))/log f.
 *
 * @param s the factor; @param f `moving_average_fraction`
 */
export function readFactor(s: number, f: number): FactorReading {
  const shown = formatNumber(s);
  if (!Number.isFinite(s) || s < 0) return { state: "invalid", text: `${shown}: no factor can be that` };
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
