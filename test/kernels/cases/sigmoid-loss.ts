import type { Labels } from "../../../src/core/kernels.js";
import { type Case, edgeCounts, kernelCase } from "../maker.js";

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const plain = { normalization: "batchSize", ignore: undefined } as const;

const options: readonly Labels[] = (["full", "valid", "batchSize", "none"] as const).flatMap((normalization) =>
  [undefined, 0, 1, -1].map((ignore) => ({ normalization, ignore })),
);

const sizes = [
  { outer: 1, dim: 1, inner: 1 },
  { outer: 3, dim: 1, inner: 7 },
  { outer: 5, dim: 1, inner: 20 },
  { outer: 0, dim: 1, inner: 2 },
];

export const sigmoidLossCases: readonly Case[] = [
  ...edgeCounts.flatMap((count) => {
    const size = { outer: 1, dim: 1, inner: count };
    return [
      kernelCase("sigmoidLoss", `${count} values`, (m) => ({
        x: m.normal(count, 0, 5),
        target: m.between(count, 0, 1),
        loss: m.out(1),
        ...size,
        ...plain,
      })),
      kernelCase("sigmoidLossBackward", `${count} values`, (m) => ({
        x: m.normal(count, 0, 5),
        target: m.between(count, 0, 1),
        dloss: m.values([0.3]),
        dx: m.out(count),
        ...size,
        ...plain,
      })),
    ];
  }),
  ...sizes.flatMap((size) =>
    options.flatMap((labels) => {
      const count = size.outer * size.inner;
      const title = `${size.outer}×${size.inner} ${labels.normalization}, ignores ${labels.ignore}`;
      return [
        kernelCase("sigmoidLoss", title, (m) => ({
          x: m.normal(count),
          target: m.each(count, () => Math.floor(3 * m.uniform()) - 1),
          loss: m.out(1),
          ...size,
          ...labels,
        })),
        kernelCase("sigmoidLossBackward", title, (m) => ({
          x: m.normal(count),
          target: m.each(count, () => Math.floor(3 * m.uniform()) - 1),
          dloss: m.values([0.7]),
          dx: m.out(count),
          ...size,
          ...labels,
        })),
      ];
    }),
  ),
  kernelCase("sigmoidLoss", "large scores, right and wrong", (m) => ({
    x: m.values([1000, -1000, 1000, -1000, 88, -88, 1e30]),
    target: m.values([1, 0, 0, 1, 1, 0, 1]),
    loss: m.out(1),
    outer: 7,
    dim: 1,
    inner: 1,
    ...plain,
  })),
  ...[40, -40, 80, -15].map((x) =>
    kernelCase(
      "sigmoidLoss",
      `what is all but certain, ${x}`,
      (m) => ({
        x: m.values([x]),
        target: m.values([x > 0 ? 1 : 0]),
        loss: m.out(1),
        outer: 1,
        dim: 1,
        inner: 1,
        ...plain,
      }),
      { floor: 1e-15 },
    ),
  ),
  ...[infinity, -infinity, nan].map((x) =>
    kernelCase("sigmoidLoss", `a score of ${x}`, (m) => ({
      x: m.values([1, x, 1]),
      target: m.values([0.5, 0.5, 0.5]),
      loss: m.out(1),
      outer: 3,
      dim: 1,
      inner: 1,
      ...plain,
    })),
  ),
  kernelCase("sigmoidLoss", "ignored targets, cut towards 0, whatever their scores", (m) => ({
    x: m.values([nan, infinity, 1, -2, nan]),
    target: m.values([255, 255.9, 1, -0.5, 255.1]),
    loss: m.out(1),
    outer: 5,
    dim: 1,
    inner: 1,
    normalization: "valid",
    ignore: 255,
  })),
  kernelCase("sigmoidLossBackward", "ignored targets, cut towards 0, whatever their scores", (m) => ({
    x: m.values([nan, infinity, 1, -2, nan]),
    target: m.values([255, 255.9, 1, -0.5, 255.1]),
    dloss: m.values([2]),
    dx: m.out(5),
    outer: 5,
    dim: 1,
    inner: 1,
    normalization: "valid",
    ignore: 255,
  })),
  kernelCase("sigmoidLossBackward", "large scores, and none", (m) => ({
    x: m.values([1000, -1000, infinity, -infinity, nan, -104, 88]),
    target: m.values([1, 0, 0, 1, 1, 0, 1]),
    dloss: m.values([2]),
    dx: m.out(7),
    outer: 7,
    dim: 1,
    inner: 1,
    ...plain,
  })),
];
