import { batchNormParam } from "../layers/normalization/batch-norm.js";
import type { LintLayer } from "./layer.js";

/** A BatchNorm's `moving_average_fraction`, rounded as written: with the float of 0.9999, 1/(1 − f) would be 9998. */
export function fractionOf({ message }: LintLayer): number {
  return Number(batchNormParam(message).movingAverageFraction.toPrecision(7));
}

/** The number of forwards that the averages cover in the long run: 1/(1 − f), or Infinity for f ≥ 1. */
export function horizonOf(fraction: number): number {
  return fraction < 1 ? 1 / (1 - fraction) : Number.POSITIVE_INFINITY;
}

/**
 * The weight of the first half of n forwards in the averages, from 0 to 1. The k-th forward from the end has weight
 * f^k, and s divides by the sum of these weights, so the first half has f^(n/2)/(1 + f^(n/2)).
 */
export function firstHalf(fraction: number, n: number): number {
  return 1 / (1 + fraction ** (-n / 2));
}

/** A share from 0 to 1, in percent. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
