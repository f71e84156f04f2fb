import type { Channels, Collapsed } from "../../core/kernels.js";
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

/** With one channel all values are one plane. */
export function collapseChannels({ n, channels, inner }: Channels) {
  const numbers = channels === 1 ? [1, 1, n * inner] : [n, channels, inner];
  const extra = { scratch: "batchNormScratch", grain: grainOf(n * inner) } as const;
  return { channels: n * inner === 0 ? 0 : channels, count: n * channels * inner, numbers, extra };
}
