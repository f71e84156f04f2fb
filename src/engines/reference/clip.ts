import type { Arguments } from "./kernel.js";

/** What is not a number becomes `min`, as the comparisons of Caffe have it. */
export function clip({ x, y, min, max }: Arguments<"clip">): void {
  for (let i = 0; i < y.length; i++) y[i] = Number.isNaN(x[i]) ? min : Math.max(min, Math.min(x[i], max));
}

export function clipBackward({ x, dy, dx, min, max }: Arguments<"clipBackward">): void {
  for (let i = 0; i < dx.length; i++) dx[i] = x[i] >= min && x[i] <= max ? dy[i] : 0;
}

export function threshold({ x, y, threshold }: Arguments<"threshold">): void {
  for (let i = 0; i < y.length; i++) y[i] = x[i] > threshold ? 1 : 0;
}
