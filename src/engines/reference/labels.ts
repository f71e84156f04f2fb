import type { Collapsed, Labels } from "../../core/kernels.js";
import type { FloatArray } from "../../core/span.js";

/** The divisor of a sum of losses. */
export function normalizer(
  { normalization, ignore, outer, inner, fixed = 1 }: Labels & Collapsed,
  labels: FloatArray,
): number {
  let count = outer * inner;
  if (normalization === "batchSize") count = outer;
  if (normalization === "none") count = 1;
  if (normalization === "fixed") count = fixed;
  if (normalization === "valid") for (const label of labels) if (Math.trunc(label) === ignore) count--;
  return Math.max(1, count);
}
