import type { Channels, Collapsed } from "../../core/kernels.js";
import { grainOf } from "./call.js";

/**
 * Sizes, and the number of pieces: planes of neighbouring values, or rows if `inner` is 1. If the middle axis has size 1,
 * all values are one plane.
 */
export function collapse({ outer, dim, inner }: Collapsed) {
  const count = outer * dim * inner;
  if (dim === 1) return { count, outer: 1, dim, inner: outer * inner, planes: 1, grain: 1 };
  const planes = inner === 1 ? outer : outer * dim;
  return { count, outer, dim, inner, planes, grain: grainOf(count / planes) };
}

/** Sizes in which all values are one plane if there is only one channel. */
export function collapseChannels({ n, channels, inner }: Channels) {
  const numbers = channels === 1 ? [1, 1, n * inner] : [n, channels, inner];
  const extra = { scratch: "batchNormScratch", grain: grainOf(n * inner) } as const;
  return { channels: n * inner === 0 ? 0 : channels, count: n * channels * inner, numbers, extra };
}
