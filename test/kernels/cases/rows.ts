import { type Case, kernelCase } from "../maker.js";

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

const sizes = [
  { count: 0, rows: 3, width: 4 },
  { count: 5, rows: 3, width: 0 },
  { count: 5, rows: 1, width: 1 },
  { count: 7, rows: 4, width: 3 },
  { count: 3, rows: 9, width: 4 },
  { count: 9, rows: 5, width: 17 },
  { count: 4, rows: 3, width: 130 },
  { count: 300, rows: 40, width: 10 },
  // Threads take some in chunks.
  { count: 301, rows: 40, width: 129 },
];

/** Cut towards 0, these are rows 0, 1 and 2; the others are none. */
const odd = [0, -0, -0.9, 1.9, 2.99, -1, 3, nan, infinity, -infinity, 1e30, 2 ** 31, -(2 ** 31)];

export const rowsCases: readonly Case[] = [
  ...sizes.flatMap(({ count, rows, width }) => [
    kernelCase("gatherRows", `${count} of ${rows}×${width}`, (m) => ({
      x: m.normal(rows * width),
      index: m.whole(count, rows),
      y: m.out(count * width),
      rows,
      width,
    })),
    kernelCase("scatterRows", `${count} to ${rows}×${width}`, (m) => ({
      dy: m.normal(count * width),
      index: m.whole(count, rows),
      dx: m.normal(rows * width),
      rows,
      width,
    })),
  ]),
  ...[1, 6, 128].flatMap((width) => [
    kernelCase("gatherRows", `of which there are none, ${width} wide`, (m) => ({
      x: m.normal(3 * width),
      index: m.values(odd),
      y: m.out(odd.length * width),
      rows: 3,
      width,
    })),
    kernelCase("scatterRows", `to which there are none, ${width} wide`, (m) => ({
      dy: m.normal(odd.length * width),
      index: m.values(odd),
      dx: m.normal(3 * width),
      rows: 3,
      width,
    })),
  ]),
  kernelCase("gatherRows", "of nothing", (m) => ({
    x: m.values([]),
    index: m.values([0]),
    y: m.out(2),
    rows: 0,
    width: 2,
  })),
];
