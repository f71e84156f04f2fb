import { batchNormParam } from "../layers/normalization/batch-norm-param.js";
import type { LintLayer } from "./layer.js";

/** A BatchNorm's `moving_average_fraction`, rounded as written: with the float of 0.9999, 1/(1 − f) would be 9998. */
export function fractionOf({ message }: LintLayer): number {
  return Number(batchNormParam(message).movingAverageFraction.toPrecision(7));
}

/** The number of forwards that the averages cover in the long run: 1/(1 − f), or Infinity for f ≥ 1. */
export function horizonOf(fraction: number): number {
  return fraction < 1 ? 1 / (1 - fraction) : Number.POSITIVE_INFINITY;
}

/** The factor s after n forwards that start from 0: the sum of f^k for k < n. */
export function factorAfter(fraction: number, n: number): number {
  return fraction === 1 ? n : (1 - fraction ** n) / (1 - fraction);
}

/**
 * What the averages consist of after n forwards that start from a factor of `loaded`: the shares of the averages loaded, and
 * of the first half of the forwards, from 0 to 1. A mean that k forwards follow has weight f^k, and s is the sum of all weights.
 */
export function sharesAfter(
  fraction: number,
  n: number,
  loaded = 0,
): { readonly loaded: number; readonly firstHalf: number } {
  const old = fraction ** n * loaded;
  const half = factorAfter(fraction, n / 2);
  const firstHalf = fraction ** (n / 2) * half;
  const s = old + firstHalf + half;
  return { loaded: old / s, firstHalf: firstHalf / s };
}

/** A share from 0 to 1, in percent. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
