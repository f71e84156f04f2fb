import { type Case, edgeCounts, kernelCase } from "../maker.js";

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const special = [nan, infinity, -infinity, 0, -0, 3, -3, 2.9999998, -2.9999998, 1e-20, -1e-20];
const n = special.length;
const diffs = [1, 2, 3, 4, 5, 6, 7, 8, nan, infinity, -1];

export const hardCases: readonly Case[] = [
  ...edgeCounts.flatMap((count) => [
    kernelCase("hardSwish", `${count} values`, (m) => ({ x: m.normal(count, 0, 3), y: m.out(count) })),
    kernelCase("hardSwish", `${count} values in place`, (m) => {
      const x = m.whole(count, 5);
      return { x, y: x };
    }),
    kernelCase("hardSwishBackward", `${count} values`, (m) => ({
      x: m.normal(count, 0, 3),
      dy: m.normal(count),
      dx: m.out(count),
    })),
    kernelCase("hardSwishBackward", `${count} values in place`, (m) => {
      const dy = m.normal(count);
      return { x: m.whole(count, 5), dy, dx: dy };
    }),
    kernelCase("hardSigmoid", `${count} values`, (m) => ({
      x: m.normal(count, 0, 3),
      y: m.out(count),
      alpha: 0.2,
      beta: 0.5,
    })),
    kernelCase("hardSigmoid", `${count} values in place`, (m) => {
      const x = m.normal(count, 0, 3);
      return { x, y: x, alpha: -0.25, beta: 0.25 };
    }),
    kernelCase("hardSigmoidBackward", `${count} values`, (m) => ({
      y: m.between(count, -0.5, 1.5),
      dy: m.normal(count),
      dx: m.out(count),
      alpha: 0.2,
    })),
    kernelCase("hardSigmoidBackward", `${count} values in place`, (m) => {
      const dy = m.normal(count);
      return { y: m.whole(count, 2), dy, dx: dy, alpha: -0.25 };
    }),
  ]),
  kernelCase("hardSwish", "special values", (m) => ({ x: m.values(special), y: m.out(n) })),
  kernelCase("hardSwishBackward", "special values", (m) => ({
    x: m.values(special),
    dy: m.values(diffs),
    dx: m.out(n),
  })),
  kernelCase("hardSigmoid", "special values", (m) => ({ x: m.values(special), y: m.out(n), alpha: 0.25, beta: 0.25 })),
  kernelCase("hardSigmoidBackward", "special values", (m) => ({
    y: m.values([nan, 0, 1, 0.5, -0, 1e-30, 0.99999994, 1, 0.5, 0.5, 0]),
    dy: m.values(diffs),
    dx: m.out(n),
    alpha: 0.25,
  })),
];
