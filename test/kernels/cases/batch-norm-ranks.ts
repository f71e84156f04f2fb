import type { NormPool } from "../../../src/core/kernels.js";
import { writePairs } from "../../../src/util/double-pairs.js";
import { type Case, kernelCase, type Maker } from "../maker.js";
import { type Pooling, poolGeometry } from "./pool.js";

interface Size {
  readonly n: number;
  readonly channels: number;
  readonly inner: number;
}

const eps = 1e-5;
const name = ({ n, channels, inner }: Size) => `${n}×${channels}×${inner}`;
const countOf = ({ n, channels, inner }: Size) => n * channels * inner;

/** Averages of two values of each channel, as pairs. */
function pairs(m: Maker, channels: number, deviation = 1) {
  const values = Array.from({ length: 2 * channels }, () => deviation * m.gauss());
  const parts = new Float32Array(4 * channels);
  writePairs(values, parts);
  return m.each(parts.length, (i) => parts[i]);
}

/** Sums may be much smaller than what they are sums of. */
const sumsOf = (size: Size) => ({ floor: Math.sqrt(Math.max(1, size.n * size.inner)) });

function plain(size: Size): Case[] {
  const { channels } = size;
  const moments = (m: Maker) => ({ center: m.out(channels), sums: m.out(4 * channels), ...size });
  return [
    kernelCase(
      "batchNormMoments",
      name(size),
      (m) => ({
        x: m.normal(countOf(size), 0.5, 2),
        runningMean: m.normal(channels),
        factor: m.values([3.7]),
        ...moments(m),
      }),
      sumsOf(size),
    ),
    kernelCase(
      "batchNormMoments",
      `${name(size)}, factor 0`,
      (m) => ({
        x: m.normal(countOf(size), -3, 0.1),
        runningMean: m.normal(channels),
        factor: m.values([0]),
        ...moments(m),
      }),
      sumsOf(size),
    ),
    kernelCase(
      "batchNormBackwardSums",
      name(size),
      (m) => ({ y: m.normal(countOf(size)), dy: m.normal(countOf(size), 0.2), sums: m.out(4 * channels), ...size }),
      sumsOf(size),
    ),
    ...[false, true].map((inPlace) =>
      kernelCase("batchNormBackwardApply", `${name(size)}${inPlace ? " in place" : ""}`, (m) => {
        const dy = m.normal(countOf(size), 0.3);
        return {
          y: m.normal(countOf(size)),
          dy,
          variance: m.between(channels, 0.1, 3),
          averages: pairs(m, channels),
          dx: inPlace ? dy : m.out(countOf(size)),
          eps,
          ...size,
        };
      }),
    ),
  ];
}

/** Scale, bias and their gradients, some of them left out. */
function operands(m: Maker, channels: number, negativeSlope: number) {
  const isPlain = negativeSlope === 1;
  return {
    scale: isPlain ? undefined : m.normal(channels, 0.7),
    bias: isPlain ? undefined : m.normal(channels, 0, 0.5),
  };
}

function gradients(m: Maker, channels: number, negativeSlope: number) {
  return {
    dscale: negativeSlope === 1 ? undefined : m.normal(channels),
    dbias: negativeSlope === 0 ? undefined : m.normal(channels),
  };
}

const statistics = (m: Maker, channels: number) => ({
  mean: m.normal(channels),
  variance: m.between(channels, 0.1, 3),
});

function fused(size: Size): Case[] {
  const { channels } = size;
  return [0, 0.1, 1].flatMap((negativeSlope) => {
    const title = `${name(size)} negativeSlope ${negativeSlope}`;
    return [
      kernelCase(
        "batchNormFusedBackwardSums",
        title,
        (m) => ({
          x: m.normal(countOf(size)),
          dy: m.normal(countOf(size)),
          ...statistics(m, channels),
          ...operands(m, channels, negativeSlope),
          ...gradients(m, channels, negativeSlope),
          sums: m.out(4 * channels),
          negativeSlope,
          eps,
          ...size,
        }),
        sumsOf(size),
      ),
      ...[false, true].map((inPlace) =>
        kernelCase("batchNormFusedBackwardApply", `${title}${inPlace ? " in place" : ""}`, (m) => {
          const dy = m.normal(countOf(size), 0.3);
          return {
            x: m.normal(countOf(size)),
            dy,
            dx: inPlace ? dy : m.out(countOf(size)),
            ...statistics(m, channels),
            ...operands(m, channels, negativeSlope),
            averages: pairs(m, channels),
            negativeSlope,
            eps,
            ...size,
          };
        }),
      ),
    ];
  });
}

/** The two halves with pooling, for images of so many channels. */
function withPooling(n: number, channels: number, pooling: Omit<Pooling, "planes">, method: "MAX" | "AVE"): Case[] {
  const size: NormPool = { ...poolGeometry({ ...pooling, planes: n * channels }), channels, method };
  const { planes, input, output, kernel, stride, pad } = size;
  const inputs = planes * input[0] * input[1];
  const outputs = planes * output[0] * output[1];
  return [0, 0.1, 1].flatMap((negativeSlope) => {
    const title = `${n}×${channels}×${input.join("×")}, ${method} ${kernel.join("×")} stride ${stride.join("×")} pad ${pad.join("×")}, negativeSlope ${negativeSlope}`;
    const rest = { negativeSlope, eps, ...size };
    return [
      kernelCase(
        "batchNormPoolBackwardSums",
        title,
        (m) => ({
          x: m.normal(inputs),
          dy: m.normal(outputs),
          ...statistics(m, channels),
          ...operands(m, channels, negativeSlope),
          ...gradients(m, channels, negativeSlope),
          sums: m.out(4 * channels),
          ...rest,
        }),
        { floor: Math.sqrt(Math.max(1, outputs / channels)) },
      ),
      ...[false, true].map((inPlace) =>
        kernelCase("batchNormPoolBackwardApply", `${title}${inPlace ? ", over x" : ""}`, (m) => {
          const x = m.normal(inputs);
          return {
            x,
            dy: m.normal(outputs),
            dx: inPlace ? x : m.out(inputs),
            ...statistics(m, channels),
            ...operands(m, channels, negativeSlope),
            averages: pairs(m, channels),
            ...rest,
          };
        }),
      ),
    ];
  });
}

const sizes: readonly Size[] = [
  { n: 1, channels: 1, inner: 1 },
  { n: 2, channels: 1, inner: 1 },
  { n: 3, channels: 5, inner: 1 },
  { n: 9, channels: 300, inner: 1 },
  { n: 7, channels: 3, inner: 3 },
  { n: 4, channels: 9, inner: 8 },
  { n: 3, channels: 6, inner: 49 },
  { n: 2, channels: 3, inner: 4097 },
  { n: 2, channels: 270, inner: 5 },
  // Threads take some channels in chunks.
  { n: 2, channels: 21, inner: 1027 },
  { n: 0, channels: 4, inner: 6 },
];

const two = { kernel: [2, 2], stride: [2, 2], pad: [0, 0] } as const;
const three = { kernel: [3, 3], stride: [2, 2], pad: [0, 0] } as const;

/** More than four channels that together are more than a block. */
const large: Size = { n: 70, channels: 5, inner: 3001 };
const far: Size = { n: 6, channels: 5, inner: 203 };
const momentsOf = ({ channels }: Size, m: Maker) => ({ center: m.out(channels), sums: m.out(4 * channels) });

export const batchNormRanksCases: readonly Case[] = [
  ...sizes.flatMap((size) => [...plain(size), ...fused(size)]),
  ...[large].flatMap(plain),
  ...(["MAX", "AVE"] as const).flatMap((method) => [
    ...withPooling(3, 5, { input: [12, 16], ...two }, method),
    ...withPooling(2, 3, { input: [9, 11], ...two }, method),
    ...withPooling(2, 23, { input: [33, 32], ...two }, method),
    ...withPooling(2, 6, { input: [17, 16], ...three }, method),
    ...withPooling(1, 3, { input: [14, 15], ...three, pad: [1, 1] }, method),
    ...withPooling(2, 2, { input: [10, 13], kernel: [2, 5], stride: [3, 2], pad: [1, 0] }, method),
    ...withPooling(0, 4, { input: [6, 6], ...two }, method),
  ]),
  // The center is what keeps the sums small: a mean a thousand deviations from 0 costs no digits.
  kernelCase("batchNormMoments", "a mean 1000 deviations from 0, and an average near it", (m) => ({
    x: m.normal(countOf(far), 1000, 1),
    runningMean: m.normal(5, 2000, 0.2),
    factor: m.values([2]),
    ...momentsOf(far, m),
    ...far,
  })),
  kernelCase("batchNormMoments", "an average that is not finite counts as 0", (m) => ({
    x: m.normal(countOf(far), 2),
    runningMean: m.values([Number.NaN, Number.POSITIVE_INFINITY, 1e38, 3, Number.NEGATIVE_INFINITY]),
    factor: m.values([0.01]),
    ...momentsOf(far, m),
    ...far,
  })),
  kernelCase("batchNormMoments", "what is not a number stays in its channel", (m) => {
    const x = m.normal(2 * 3 * 10);
    x.array[13] = Number.NaN;
    x.array[51] = Number.POSITIVE_INFINITY;
    const size = { n: 2, channels: 3, inner: 10 };
    return { x, runningMean: m.normal(3), factor: m.values([1]), ...momentsOf(size, m), ...size };
  }),
  kernelCase("batchNormBackwardSums", "what is not a number stays in its channel", (m) => {
    const [y, dy] = [m.normal(60), m.normal(60)];
    dy.array[13] = Number.NaN;
    y.array[51] = Number.POSITIVE_INFINITY;
    return { y, dy, sums: m.out(12), n: 2, channels: 3, inner: 10 };
  }),
  kernelCase(
    "batchNormBackwardApply",
    "a gradient whose mean is 1000 deviations from 0",
    (m) => {
      const parts = new Float32Array(20);
      writePairs([...Array.from({ length: 5 }, () => 1000 + m.gauss() / 100), ...Array(5).fill(0.1)], parts);
      return {
        y: m.normal(countOf(far), 0, 0.5),
        dy: m.normal(countOf(far), 1000),
        variance: m.between(5, 0.1, 3),
        averages: m.each(20, (i) => parts[i]),
        dx: m.out(countOf(far)),
        eps,
        ...far,
      };
    },
    { tolerance: 1e-5 },
  ),
];
