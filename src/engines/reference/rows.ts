import { countOf } from "../../util/shape.js";
import type { Arguments } from "./kernel.js";

export function gatherRows({ x, index, y, rows, width }: Arguments<"gatherRows">): void {
  for (let i = 0; i < index.length; i++) {
    const row = Math.trunc(index[i]);
    const target = y.subarray(i * width, (i + 1) * width);
    if (row >= 0 && row < rows) target.set(x.subarray(row * width, (row + 1) * width));
    else target.fill(Number.NaN);
  }
}

export function scatterRows({ dy, index, dx, rows, width }: Arguments<"scatterRows">): void {
  for (let i = 0; i < index.length; i++) {
    const row = Math.trunc(index[i]);
    if (!(row >= 0 && row < rows)) continue;
    for (let j = 0; j < width; j++) dx[row * width + j] += dy[i * width + j];
  }
}

export function permute({ x, y, shape, order }: Arguments<"permute">): void {
  // Axis by axis from the innermost of y: the places in x of the first `count` values of y are known.
  const places = new Float64Array(y.length);
  let count = Math.min(y.length, 1);
  for (const axis of [...order].reverse()) {
    const stride = countOf(shape, axis + 1);
    for (let i = count; i < count * (shape[axis] ?? 0); i++) places[i] = places[i - count] + stride;
    count *= shape[axis] ?? 0;
  }
  for (let i = 0; i < count; i++) y[i] = x[places[i]];
}
