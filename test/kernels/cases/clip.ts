import { type Case, edgeCounts, kernelCase } from "../maker.js";

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const special = [nan, infinity, -infinity, 0, -0, 1, -1, 2, -2];
const n = special.length;
const bounds = [
  { min: -1, max: 1 },
  { min: 0, max: 6 },
  { min: 1, max: -1 },
  { min: -infinity, max: 0.5 },
];

export const clipCases: readonly Case[] = [
  ...edgeCounts.flatMap((count) => [
    kernelCase("clip", `${count} values`, (m) => ({ x: m.normal(count), y: m.out(count), min: -0.5, max: 1 })),
    kernelCase("clip", `${count} values in place`, (m) => {
      const x = m.normal(count);
      return { x, y: x, min: -0.5, max: 1 };
    }),
    kernelCase("clipBackward", `${count} values`, (m) => ({
      x: m.normal(count),
      dy: m.normal(count),
      dx: m.out(count),
      min: -0.5,
      max: 1,
    })),
    kernelCase("clipBackward", `${count} values in place`, (m) => {
      const dy = m.normal(count);
      return { x: m.whole(count, 4), dy, dx: dy, min: 1, max: 2 };
    }),
    kernelCase("threshold", `${count} values`, (m) => ({ x: m.normal(count), y: m.out(count), threshold: 0.25 })),
    kernelCase("threshold", `${count} values in place`, (m) => {
      const x = m.whole(count, 3);
      return { x, y: x, threshold: 1 };
    }),
  ]),
  ...bounds.flatMap(({ min, max }) => [
    kernelCase("clip", `special values, ${min} to ${max}`, (m) => ({ x: m.values(special), y: m.out(n), min, max })),
    kernelCase("clipBackward", `special values, ${min} to ${max}`, (m) => ({
      x: m.values(special),
      dy: m.values([nan, 2, 3, 4, 5, nan, infinity, 8, -infinity]),
      dx: m.out(n),
      min,
      max,
    })),
  ]),
  ...[0, -1, infinity].map((threshold) =>
    kernelCase("threshold", `special values, ${threshold}`, (m) => ({ x: m.values(special), y: m.out(n), threshold })),
  ),
];
