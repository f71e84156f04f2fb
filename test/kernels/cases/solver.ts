import type { Descent, KernelName, Kernels } from "../../../src/core/kernels.js";
import { type Case, edgeCounts, kernelCase, type Maker } from "../maker.js";

/** What each solver has beside a `Descent`, for parameters of `count` values. */
const rules = {
  sgd: (m: Maker, count: number) => ({ history: m.normal(count), momentum: 0.9 }),
  nesterov: (m: Maker, count: number) => ({ history: m.normal(count), momentum: 0.9 }),
  adaGrad: (m: Maker, count: number) => ({ history: squares(m, count), delta: 1e-8 }),
  rmsProp: (m: Maker, count: number) => ({ history: squares(m, count), rmsDecay: 0.75, delta: 1e-3 }),
  adaDelta: (m: Maker, count: number) => ({
    gradients: squares(m, count),
    updates: squares(m, count),
    momentum: 0.75,
    delta: 1e-3,
  }),
  adam: (m: Maker, count: number) => ({
    mean: m.normal(count),
    square: squares(m, count),
    correction: m.values([0.25]),
    momentum: 0.875,
    momentum2: 0.96875,
    delta: 1e-3,
  }),
} as const satisfies { readonly [K in KernelName]?: (m: Maker, count: number) => Omit<Kernels[K], keyof Descent> };

type Rule = keyof typeof rules;
const ruleNames = Object.keys(rules) as Rule[];

const common = [
  { rateScale: 1, gradientScale: 1, decay: 5e-4, isL1: false },
  { rateScale: 2, gradientScale: 0.25, decay: 0.01, isL1: true },
  { rateScale: 0, gradientScale: 1, decay: 0, isL1: false },
] as const;

/** Averages of squares: not negative. */
const squares = (m: Maker, count: number) => m.between(count, 0, 2);

function ruleCase(rule: Rule, title: string, make: (m: Maker) => Omit<Descent, "rate" | "clip">): Case {
  return kernelCase(rule, title, (m) => {
    const given = make(m);
    const spans = { rate: m.values([0.01]), clip: m.values([0.5]) };
    return { ...given, ...spans, ...rules[rule](m, given.w.count) } as Kernels[Rule];
  });
}

export const solverCases: readonly Case[] = [
  ...edgeCounts.flatMap((count) => [
    kernelCase("sumSquares", `${count} values`, (m) => ({ x: m.normal(count), y: m.values([3]) })),
    ...ruleNames.flatMap((rule) =>
      common.map((given) =>
        ruleCase(rule, `${count} values, ${given.isL1 ? "L1" : "L2"} rate·${given.rateScale}`, (m) => ({
          w: m.normal(count),
          dw: m.normal(count),
          ...given,
        })),
      ),
    ),
  ]),
  kernelCase("sumSquares", "a hundred thousand values", (m) => ({ x: m.normal(100_001, 3), y: m.values([1e4]) })),
  kernelCase("sumSquares", "a number too large for its square", (m) => ({ x: m.values([1e25, 1]), y: m.values([0]) })),
  ...ruleNames.map((rule) =>
    ruleCase(rule, "the sign of 0 and of what is not a number", (m) => ({
      w: m.values([0, -0, Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 1e-40, -1e-40]),
      dw: m.normal(7),
      rateScale: 1,
      gradientScale: 1,
      decay: 0.1,
      isL1: true,
    })),
  ),
  kernelCase("sgd", "without momentum", (m) => ({
    w: m.normal(5),
    dw: m.normal(5),
    history: m.normal(5),
    rate: m.values([0.1]),
    clip: m.values([1]),
    momentum: 0,
    ...common[0],
  })),
  ...(["adaGrad", "rmsProp"] as const).map((rule) =>
    kernelCase(rule, "the first step, from nothing", (m) => ({
      w: m.normal(5),
      dw: m.values([1, -1e-3, 0, 1e-6, -1e3]),
      history: m.values([0, 0, 0, 0, 0]),
      rate: m.values([0.1]),
      clip: m.values([1]),
      rmsDecay: 0.5,
      delta: 1e-8,
      ...common[0],
      decay: 0,
    })),
  ),
  kernelCase(
    "adaGrad",
    "a gradient too large for its square",
    (m) => ({
      w: m.normal(2),
      dw: m.values([1e25, 1]),
      history: m.values([0, 0]),
      rate: m.values([0.1]),
      clip: m.values([1]),
      delta: 1e-8,
      ...common[0],
    }),
    { oracle: 32 },
  ),
];
