import { batchNormParam } from "../layers/normalization/batch-norm.js";
import type { LintLayer } from "./layer.js";

/** The part of its averages that a BatchNorm keeps at each forward, as it is written: a float would make 9998 of 1/(1 − 0.9999). */
export function fractionOf({ message }: LintLayer): number {
  return Number(batchNormParam(message).movingAverageFraction.toPrecision(7));
}

/** Over how many forwards the averages go, once they have grown: 1/(1 − f). Infinity where nothing is forgotten. */
export function horizonOf(fraction: number): number {
  return fraction < 1 ? 1 / (1 - fraction) : Number.POSITIVE_INFINITY;
}

/**
 * What the first half of n forwards weighs in the averages, from 0 to 1. The k-th forward from the end weighs f^k, and s
 * divides by the sum of these weights; so the first half has f^(n/2)/(1 + f^(n/2)).
 */
export function firstHalf(fraction: number, n: number): number {
  return 1 / (1 + fraction ** (-n / 2));
}

/** A part of one in percent. */
export function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}
