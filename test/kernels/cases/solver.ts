import { type Case, edgeCounts, kernelCase } from "../maker.js";

const parameters = [
  { rateScale: 1, gradientScale: 1, momentum: 0.9, decay: 5e-4, decayNorm: "L2" },
  { rateScale: 2, gradientScale: 0.25, momentum: 0, decay: 0.01, decayNorm: "L1" },
  { rateScale: 0, gradientScale: 1, momentum: 0.5, decay: 0, decayNorm: "L2" },
] as const;

export const solverCases: readonly Case[] = [
  ...edgeCounts.flatMap((count) => [
    kernelCase("sumSquares", `${count} values`, (m) => ({ x: m.normal(count), y: m.values([3]) })),
    ...parameters.map((given) =>
      kernelCase("sgd", `${count} values, ${given.decayNorm} momentum ${given.momentum}`, (m) => ({
        w: m.normal(count),
        dw: m.normal(count),
        history: m.normal(count),
        rate: m.values([0.01]),
        clip: m.values([0.5]),
        ...given,
      })),
    ),
  ]),
  kernelCase("sumSquares", "a hundred thousand values", (m) => ({ x: m.normal(100_001, 3), y: m.values([1e4]) })),
  kernelCase("sumSquares", "a number too large for its square", (m) => ({ x: m.values([1e25, 1]), y: m.values([0]) })),
  kernelCase("sgd", "the sign of 0 and of what is not a number", (m) => ({
    w: m.values([0, -0, Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 1e-40, -1e-40]),
    dw: m.normal(7),
    history: m.normal(7),
    rate: m.values([0.1]),
    clip: m.values([1]),
    rateScale: 1,
    gradientScale: 1,
    momentum: 0.9,
    decay: 0.1,
    decayNorm: "L1",
  })),
];
