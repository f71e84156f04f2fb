import type { Collapsed, Labels } from "../../core/kernels.js";

/** No label equals what is not a number. */
export function noneIsNaN(ignore: number | undefined): number {
  return ignore ?? Number.NaN;
}

/** What a sum of losses is divided by; 0 where the labels must be counted first. */
export function divisor({ normalization, outer, inner }: Labels & Collapsed): number {
  const divisors = { full: Math.max(1, outer * inner), batchSize: Math.max(1, outer), none: 1, valid: 0 };
  return divisors[normalization];
}
