import type { Collapsed } from "../../core/kernels.js";
import { grainOf } from "./call.js";

/**
 * Sizes, and how many pieces there are: planes, or rows where `inner` is 1, of values that are neighbours. With one index on
 * the middle axis all is one plane.
 */
export function collapse({ outer, dim, inner }: Collapsed) {
  const count = outer * dim * inner;
  if (dim === 1) return { count, outer: 1, dim, inner: outer * inner, planes: 1, grain: 1 };
  const planes = inner === 1 ? outer : outer * dim;
  return { count, outer, dim, inner, planes, grain: grainOf(count / planes) };
}
