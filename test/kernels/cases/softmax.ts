import type { Labels } from "../../../src/core/kernels.js";
import { type Case, kernelCase } from "../maker.js";

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

const sizes = [
  { outer: 1, dim: 1, inner: 1 },
  { outer: 3, dim: 2, inner: 1 },
  { outer: 5, dim: 10, inner: 1 },
  { outer: 2, dim: 1000, inner: 1 },
  { outer: 2, dim: 7, inner: 3 },
  { outer: 2, dim: 5, inner: 4 },
  { outer: 3, dim: 21, inner: 17 },
  { outer: 1, dim: 3, inner: 64 },
  // Threads take some in chunks.
  { outer: 700, dim: 51, inner: 1 },
  { outer: 0, dim: 3, inner: 2 },
];

const bySize: readonly Case[] = sizes.flatMap((size) => {
  const { outer, dim, inner } = size;
  const count = outer * dim * inner;
  const title = `${outer}×${dim}×${inner}`;
  return [
    kernelCase("softmax", title, (m) => ({ x: m.normal(count, 0, 3), y: m.out(count), ...size })),
    kernelCase("softmax", `${title} in place`, (m) => {
      const x = m.normal(count, 100, 5);
      return { x, y: x, ...size };
    }),
    // The very same rounding where one class has nearly all: its order is part of the definition.
    kernelCase("softmax", `${title}, as rounded`, (m) => ({ x: m.normal(count, 0, 20), y: m.out(count), ...size }), {
      oracle: 32,
      tolerance: 1e-7,
    }),
    kernelCase(
      "softmaxBackward",
      `${title}, as rounded`,
      (m) => {
        const y = m.each(count, (i) => (Math.floor(i / inner) % dim === 0 ? 0.9999999 : 1e-6 * m.uniform()));
        return { y, dy: m.normal(count), dx: m.out(count), ...size };
      },
      { oracle: 32, tolerance: 0 },
    ),
    kernelCase("softmaxBackward", title, (m) => ({
      y: m.between(count, 0, 2 / dim),
      dy: m.normal(count),
      dx: m.out(count),
      ...size,
    })),
    kernelCase("softmaxBackward", `${title} in place`, (m) => {
      const dy = m.normal(count);
      return { y: m.between(count, 0, 2 / dim), dy, dx: dy, ...size };
    }),
  ];
});

const normalizations = ["full", "valid", "batchSize", "none"] as const;
const ignores = [undefined, 0, 2, -1];

const withLabels: readonly Case[] = sizes.flatMap((size) => {
  const { outer, dim, inner } = size;
  const count = outer * dim * inner;
  const labels = outer * inner;
  const title = `${outer}×${dim}×${inner}`;
  const options: Labels[] = normalizations.flatMap((normalization) =>
    ignores.map((ignore) => ({ normalization, ignore })),
  );
  return [
    ...options.flatMap(({ normalization, ignore }) => {
      const full = `${title} ${normalization}, ignores ${ignore}`;
      return [
        kernelCase("softmaxLoss", full, (m) => ({
          prob: m.between(count, 0, 1),
          weights: undefined,
          label: m.whole(labels, dim),
          loss: m.out(1),
          ...size,
          normalization,
          ignore,
        })),
        kernelCase("softmaxLossBackward", full, (m) => ({
          prob: m.between(count, 0, 1),
          weights: undefined,
          label: m.whole(labels, dim),
          dloss: m.values([0.7]),
          dx: m.out(count),
          ...size,
          normalization,
          ignore,
        })),
      ];
    }),
    ...ignores.flatMap((ignore) =>
      [1, ...(dim > 1 ? [Math.min(5, dim)] : [])].flatMap((topK) => [
        kernelCase("accuracy", `${title} top ${topK}, ignores ${ignore}`, (m) => ({
          x: m.whole(count, 20),
          label: m.whole(labels, dim),
          y: m.out(1),
          perClass: m.out(dim),
          topK,
          ignore,
          ...size,
        })),
        kernelCase("accuracy", `${title} top ${topK}, ignores ${ignore}, in all`, (m) => ({
          x: m.normal(count),
          label: m.whole(labels, dim),
          y: m.out(1),
          perClass: undefined,
          topK,
          ignore,
          ...size,
        })),
      ]),
    ),
  ];
});

const special: readonly Case[] = [
  ...[1, 5].flatMap((inner) => [
    kernelCase("softmax", `what is not a number or infinite, ${inner} side by side`, (m) => {
      const x = m.normal(5 * 4 * inner);
      [nan, infinity, -infinity, -infinity].forEach((value, i) => {
        x.array[(4 * i + 1) * inner] = value;
      });
      for (let i = 0; i < 4; i++) x.array[(12 + i) * inner] = -infinity;
      return { x, y: m.out(20 * inner), outer: 5, dim: 4, inner };
    }),
    kernelCase("softmax", `large values, ${inner} side by side`, (m) => ({
      x: m.between(12 * inner, -1e30, 1e30),
      y: m.out(12 * inner),
      outer: 3,
      dim: 4,
      inner,
    })),
  ]),
  ...(["valid", "fixed"] as const).flatMap((normalization) => {
    const size = { outer: 3, dim: 5, inner: 7, normalization, fixed: 2.5, ignore: 3 };
    return [
      kernelCase("softmaxLoss", `with weights, ${normalization}`, (m) => ({
        prob: m.between(105, 0, 1),
        label: m.whole(21, 5),
        weights: m.between(5, 0, 4),
        loss: m.out(1),
        ...size,
      })),
      kernelCase("softmaxLossBackward", `with weights, ${normalization}`, (m) => ({
        prob: m.between(105, 0, 1),
        label: m.whole(21, 5),
        weights: m.between(5, 0, 4),
        dloss: m.values([0.7]),
        dx: m.out(105),
        ...size,
      })),
    ];
  }),
  kernelCase("softmaxLoss", "a probability of nothing, and less than the smallest", (m) => ({
    prob: m.values([0, 1, 1e-44, 1, 1, 0]),
    weights: undefined,
    label: m.values([0, 0, 0]),
    loss: m.out(1),
    outer: 3,
    dim: 2,
    inner: 1,
    normalization: "none",
    ignore: undefined,
  })),
  kernelCase("softmaxLoss", "a probability that is none", (m) => ({
    prob: m.values([nan, 1, 0.5, 0.5]),
    weights: undefined,
    label: m.values([0, 0]),
    loss: m.out(1),
    outer: 2,
    dim: 2,
    inner: 1,
    normalization: "full",
    ignore: undefined,
  })),
  kernelCase("softmaxLoss", "labels are cut towards 0, an ignored one too", (m) => ({
    prob: m.between(15, 0, 1),
    weights: undefined,
    label: m.values([1.9, -0.9, 2, 254.5, 255.99]),
    loss: m.out(1),
    outer: 5,
    dim: 3,
    inner: 1,
    normalization: "valid",
    ignore: 255,
  })),
  kernelCase("softmaxLossBackward", "labels are cut towards 0, an ignored one too", (m) => ({
    prob: m.between(12, 0, 1),
    weights: undefined,
    label: m.values([1.9, -0.9, 2, 255.99]),
    dloss: m.values([2]),
    dx: m.out(12),
    outer: 2,
    dim: 3,
    inner: 2,
    normalization: "valid",
    ignore: 255,
  })),
  kernelCase("softmaxLossBackward", "all labels ignored, and what is not a number", (m) => ({
    prob: m.values([nan, 1, 0.5, 0.5]),
    weights: undefined,
    label: m.values([1, 1]),
    dloss: m.values([1]),
    dx: m.out(4),
    outer: 2,
    dim: 2,
    inner: 1,
    normalization: "valid",
    ignore: 1,
  })),
  kernelCase("accuracy", "labels are cut towards 0", (m) => ({
    x: m.normal(12),
    label: m.values([1.9, -0.9, 2, -1]),
    y: m.out(1),
    perClass: m.out(3),
    topK: 1,
    ignore: -1,
    outer: 4,
    dim: 3,
    inner: 1,
  })),
  kernelCase("accuracy", "scores that are not numbers", (m) => ({
    x: m.values([nan, 1, 2, 1, nan, 2, 1, 2, nan]),
    label: m.values([0, 2, 1]),
    y: m.out(1),
    perClass: m.out(3),
    topK: 1,
    ignore: undefined,
    outer: 3,
    dim: 3,
    inner: 1,
  })),
];

export const softmaxCases: readonly Case[] = [...bySize, ...withLabels, ...special];
