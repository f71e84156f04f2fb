import type { Channels } from "../../core/kernels.js";
import type { Arguments } from "./kernel.js";

/** Calls `visit` for every value, with its index and the sum of `term` over the `size` channels around it. */
function sumAround(
  { n, channels, inner }: Channels,
  size: number,
  term: (index: number) => number,
  visit: (index: number, sum: number) => void,
): void {
  const reach = (size - 1) / 2;
  for (let image = 0; image < n; image++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let i = 0; i < inner; i++) {
        let sum = 0;
        for (let c = Math.max(0, channel - reach); c <= Math.min(channels - 1, channel + reach); c++) {
          sum += term((image * channels + c) * inner + i);
        }
        visit((image * channels + channel) * inner + i, sum);
      }
    }
  }
}

export function lrn({ x, scale, y, size, alpha, beta, k, ...shape }: Arguments<"lrn">): void {
  sumAround(
    shape,
    size,
    (i) => x[i] * x[i],
    (i, sum) => {
      scale[i] = k + (alpha / size) * sum;
    },
  );
  for (let i = 0; i < y.length; i++) y[i] = x[i] * scale[i] ** -beta;
}

export function lrnBackward({ x, y, scale, dy, dx, size, alpha, beta, ...shape }: Arguments<"lrnBackward">): void {
  const given = dy.slice(); // dx may be the same memory
  sumAround(
    shape,
    size,
    (i) => (given[i] * y[i]) / scale[i],
    (i, sum) => {
      dx[i] = given[i] * scale[i] ** -beta - ((2 * alpha * beta) / size) * x[i] * sum;
    },
  );
}
