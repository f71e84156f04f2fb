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
