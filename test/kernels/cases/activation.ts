import { type Case, edgeCounts, kernelCase } from "../maker.js";
import { foldings } from "./scale.js";

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const special = [nan, infinity, -infinity, 0, -0, 1, -1, 1e-20, -1e-20];
/** What of them stays a number in every formula here. */
const finite = [0, -0, 1, -1, 1e-20, -1e-20, 3e-39, -3e-39, 60, -60];
const n = special.length;

const valueByValue: readonly Case[] = edgeCounts.flatMap((count) => [
  ...[0, 0.1].flatMap((slope) => [
    kernelCase("relu", `${count} values, slope ${slope}`, (m) => ({
      x: m.normal(count),
      y: m.out(count),
      negativeSlope: slope,
    })),
    kernelCase("reluBackward", `${count} values, slope ${slope}`, (m) => ({
      x: m.normal(count),
      dy: m.normal(count),
      dx: m.out(count),
      negativeSlope: slope,
    })),
  ]),
  kernelCase("relu", `${count} values in place`, (m) => {
    const x = m.normal(count);
    return { x, y: x, negativeSlope: -0.5 };
  }),
  kernelCase("reluBackward", `${count} values in place`, (m) => {
    const dy = m.normal(count);
    return { x: m.whole(count, 2), dy, dx: dy, negativeSlope: 0 };
  }),
  kernelCase("abs", `${count} values`, (m) => ({ x: m.normal(count), y: m.out(count) })),
  kernelCase("abs", `${count} values in place`, (m) => {
    const x = m.normal(count);
    return { x, y: x };
  }),
  kernelCase("absBackward", `${count} values`, (m) => ({
    x: m.whole(count, 2),
    dy: m.normal(count),
    dx: m.out(count),
  })),
  kernelCase("absBackward", `${count} values in place`, (m) => {
    const dy = m.normal(count);
    return { x: m.whole(count, 2), dy, dx: dy };
  }),
  ...(["sigmoid", "tanh"] as const).flatMap((kernel) => [
    kernelCase(kernel, `${count} values`, (m) => ({ x: m.normal(count, 0, 3), y: m.out(count) })),
    kernelCase(kernel, `${count} values in place`, (m) => {
      const x = m.normal(count);
      return { x, y: x };
    }),
  ]),
  ...(["sigmoidBackward", "tanhBackward"] as const).flatMap((kernel) => [
    kernelCase(kernel, `${count} values`, (m) => ({
      y: m.between(count, 0, 1),
      dy: m.normal(count),
      dx: m.out(count),
    })),
    kernelCase(kernel, `${count} values in place`, (m) => {
      const dy = m.normal(count);
      return { y: m.between(count, 0, 1), dy, dx: dy };
    }),
  ]),
  ...[0, 1, 2, 3, -0.75, 0.5].flatMap((power) => [
    kernelCase("power", `${count} values to the ${power}`, (m) => ({
      x: m.between(count, 0, 4),
      y: m.out(count),
      power,
      scale: 0.5,
      shift: 0.25,
    })),
    kernelCase("powerBackward", `${count} values to the ${power}`, (m) => ({
      x: m.between(count, 0, 4),
      dy: m.normal(count),
      dx: m.out(count),
      power,
      scale: 0.5,
      shift: 0.25,
    })),
  ]),
]);

const perDim: readonly Case[] = foldings.flatMap((size) => {
  const { outer, dim, inner } = size;
  const count = outer * dim * inner;
  const title = `${outer}×${dim}×${inner}`;
  return [
    kernelCase("prelu", title, (m) => ({ x: m.normal(count), slope: m.normal(dim), y: m.out(count), ...size })),
    kernelCase("prelu", `${title} in place`, (m) => {
      const x = m.normal(count);
      return { x, slope: m.normal(dim), y: x, ...size };
    }),
    kernelCase("preluBackward", title, (m) => ({
      x: m.normal(count),
      slope: m.normal(dim),
      dy: m.normal(count),
      dx: m.out(count),
      ...size,
    })),
    kernelCase("preluBackward", `${title} in place`, (m) => {
      const dy = m.normal(count);
      return { x: m.whole(count, 2), slope: m.normal(dim), dy, dx: dy, ...size };
    }),
    kernelCase("preluBackwardSlope", title, (m) => ({
      x: m.normal(count),
      dy: m.normal(count),
      dslope: m.normal(dim),
      ...size,
    })),
  ];
});

const specials: readonly Case[] = [
  kernelCase("relu", "infinities", (m) => ({ x: m.values(special), y: m.out(n), negativeSlope: 0 })),
  kernelCase("relu", "infinities, slope 0.5", (m) => ({ x: m.values(special), y: m.out(n), negativeSlope: 0.5 })),
  kernelCase("reluBackward", "infinities", (m) => ({
    x: m.values(special),
    dy: m.values([1, 2, 3, 4, 5, nan, infinity, nan, -infinity]),
    dx: m.out(n),
    negativeSlope: 0.5,
  })),
  kernelCase("abs", "infinities", (m) => ({ x: m.values(special), y: m.out(n) })),
  kernelCase("absBackward", "infinities", (m) => ({
    x: m.values(special),
    dy: m.values([1, 2, 3, 4, 5, nan, infinity, 7, -infinity]),
    dx: m.out(n),
  })),
  kernelCase("prelu", "infinities", (m) => ({
    x: m.values(special),
    slope: m.values([0.5]),
    y: m.out(n),
    outer: 1,
    dim: 1,
    inner: n,
  })),
  kernelCase("preluBackwardSlope", "what is not a number", (m) => ({
    x: m.values([nan, 1, -infinity, 0, 2, infinity]),
    dy: m.values([1, nan, 1, 2, nan, 3]),
    dslope: m.values([1, 2, 3]),
    outer: 1,
    dim: 3,
    inner: 2,
  })),
  ...(["sigmoid", "tanh"] as const).flatMap((kernel) => [
    kernelCase(kernel, "infinities", (m) => ({ x: m.values(special), y: m.out(n) })),
    kernelCase(kernel, "from −104 to 104", (m) => ({
      x: m.values(Float32Array.from({ length: 2081 }, (_, i) => (i - 1040) / 10)),
      y: m.out(2081),
    })),
    // Relative to the smallest, not to all.
    ...[1e-30, 1e-6, 1e-4, 0.01, 0.0199999, 0.02, 0.0200001, 0.3].map((x) =>
      kernelCase(kernel, `${x} and −${x}`, (m) => ({ x: m.values([x, -x]), y: m.out(2) }), { tolerance: 2e-7 }),
    ),
    ...[-20, -40, -60, -80, -87].map((x) =>
      kernelCase(kernel, `${x}`, (m) => ({ x: m.values([x]), y: m.out(1) }), { tolerance: 2e-7 }),
    ),
  ]),
  ...[0, 1, 2, 3, 0.5, -1, -0.75].flatMap((power) => [
    kernelCase("power", `of 0 and less, to the ${power}`, (m) => ({
      x: m.values(finite),
      y: m.out(finite.length),
      power,
      scale: 1,
      shift: 0,
    })),
    kernelCase("power", `infinities to the ${power}`, (m) => ({
      x: m.values([nan, infinity, -infinity]),
      y: m.out(3),
      power,
      scale: 1,
      shift: 0,
    })),
    kernelCase("powerBackward", `in place, to the ${power}`, (m) => {
      const dx = m.normal(37);
      return { x: m.between(37, 0.5, 2), dy: dx, dx, power, scale: -2, shift: 5 };
    }),
  ]),
  kernelCase("powerBackward", "a constant", (m) => ({
    x: m.values([0, nan, 1]),
    dy: m.values([1, 1, nan]),
    dx: m.out(3),
    power: 3,
    scale: 0,
    shift: 0,
  })),
];

export const activationCases: readonly Case[] = [...valueByValue, ...perDim, ...specials];
