import type { Collapsed, Labels } from "../../core/kernels.js";

/** The label to ignore; NaN if there is none, because no label equals NaN. */
export function noneIsNaN(ignore: number | undefined): number {
  return ignore ?? Number.NaN;
}

/** The divisor of a sum of losses; 0 if the labels must be counted first. */
export function divisor({ normalization, outer, inner, fixed = 1 }: Labels & Collapsed): number {
  const divisors = { full: outer * inner, batchSize: outer, none: 1, fixed };
  return normalization === "valid" ? 0 : Math.max(1, divisors[normalization]);
}
