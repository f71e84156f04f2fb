import { type Case, kernelCase, type Maker } from "../maker.js";

interface Size {
  readonly n: number;
  readonly channels: number;
  readonly inner: number;
}

const name = ({ n, channels, inner }: Size) => `${n}×${channels}×${inner}`;
const countOf = ({ n, channels, inner }: Size) => n * channels * inner;

/** Values with their own mean and deviation in each channel. */
function perChannel(m: Maker, size: Size, mean: number, deviation: number) {
  return m.each(countOf(size), (i) => {
    const channel = Math.floor(i / size.inner) % size.channels;
    return mean * (1 + channel / 7) + deviation * (1 + (channel % 3)) * m.gauss();
  });
}

/** What forward leaves behind, and what comes back. */
function gradient(m: Maker, size: Size, mean = 0) {
  return { y: m.normal(countOf(size)), dy: m.normal(countOf(size), mean), variance: m.between(size.channels, 0.1, 3) };
}

function bothWays(size: Size): Case[] {
  const outputs = (m: Maker) => ({ mean: m.out(size.channels), variance: m.out(size.channels) });
  const eps = 1e-5;
  return [
    kernelCase("batchNorm", name(size), (m) => ({
      x: perChannel(m, size, 0.5, 2),
      y: m.out(countOf(size)),
      ...outputs(m),
      eps,
      ...size,
    })),
    kernelCase("batchNorm", `${name(size)} in place`, (m) => {
      const x = perChannel(m, size, -1, 0.5);
      return { x, y: x, ...outputs(m), eps, ...size };
    }),
    kernelCase("batchNormBackward", name(size), (m) => ({
      ...gradient(m, size),
      dx: m.out(countOf(size)),
      eps,
      ...size,
    })),
    kernelCase("batchNormBackward", `${name(size)} in place`, (m) => {
      const { y, dy, variance } = gradient(m, size, 0.3);
      return { y, dy, variance, dx: dy, eps, ...size };
    }),
    ...[0, 0.1, 1].flatMap((negativeSlope) => {
      const operands = (m: Maker) =>
        negativeSlope === 1 && size.n > 4
          ? { scale: undefined, bias: undefined }
          : { scale: m.normal(size.channels, 1), bias: m.normal(size.channels) };
      return [
        kernelCase("batchNormFused", `${name(size)} negativeSlope ${negativeSlope}`, (m) => ({
          x: perChannel(m, size, 0.5, 2),
          y: m.out(countOf(size)),
          ...outputs(m),
          ...operands(m),
          negativeSlope,
          eps,
          ...size,
        })),
        kernelCase("batchNormFused", `${name(size)} negativeSlope ${negativeSlope} in place`, (m) => {
          const x = perChannel(m, size, -1, 0.5);
          return { x, y: x, ...outputs(m), ...operands(m), negativeSlope, eps, ...size };
        }),
        kernelCase(
          "batchNormFusedBackward",
          `${name(size)} negativeSlope ${negativeSlope}`,
          (m) => ({
            x: m.normal(countOf(size)),
            dy: m.normal(countOf(size)),
            dx: m.out(countOf(size)),
            mean: m.normal(size.channels),
            variance: m.between(size.channels, 0.1, 3),
            ...operands(m),
            dscale: m.normal(size.channels),
            dbias: negativeSlope === 0 ? undefined : m.normal(size.channels),
            negativeSlope,
            eps,
            ...size,
          }),
          // Sums may be much smaller than what they are sums of.
          { floor: 4 },
        ),
        kernelCase("batchNormFusedBackward", `${name(size)} negativeSlope ${negativeSlope} in place`, (m) => {
          const dy = m.normal(countOf(size), 0.3);
          return {
            x: m.normal(countOf(size)),
            dy,
            dx: dy,
            mean: m.normal(size.channels),
            variance: m.between(size.channels, 0.1, 3),
            ...operands(m),
            dscale: undefined,
            dbias: undefined,
            negativeSlope,
            eps,
            ...size,
          };
        }),
      ];
    }),
    ...[0, 0.1, 1].map((negativeSlope) =>
      kernelCase("normalizeFused", `${name(size)} negativeSlope ${negativeSlope}`, (m) => {
        const x = perChannel(m, size, negativeSlope === 1 ? 100 : 0.5, 2);
        return {
          x,
          y: negativeSlope === 0.1 ? x : m.out(countOf(size)),
          mean: negativeSlope === 0.1 ? undefined : m.normal(size.channels, negativeSlope === 1 ? 100 : 0),
          variance: negativeSlope === 0.1 ? undefined : m.between(size.channels, 0.1, 3),
          scale: negativeSlope === 1 ? undefined : m.normal(size.channels, 1),
          bias: size.n === 3 ? undefined : m.normal(size.channels),
          negativeSlope,
          eps,
          ...size,
        };
      }),
    ),
    kernelCase("normalize", name(size), (m) => ({
      x: m.normal(countOf(size), 3),
      mean: m.normal(size.channels, 3),
      variance: m.between(size.channels, 0.1, 2),
      y: m.out(countOf(size)),
      eps,
      ...size,
    })),
    kernelCase("normalize", `${name(size)} without mean, in place`, (m) => {
      const x = m.normal(countOf(size));
      return { x, mean: undefined, variance: m.between(size.channels, 0, 2), y: x, eps, ...size };
    }),
  ];
}

/** More than four channels that together are more than a block. */
const large: Size = { n: 70, channels: 5, inner: 3001 };

const far: Size = { n: 6, channels: 5, inner: 203 };

export const batchNormCases: readonly Case[] = [
  ...[
    { n: 1, channels: 1, inner: 2 },
    { n: 2, channels: 1, inner: 1 },
    { n: 3, channels: 5, inner: 1 },
    { n: 64, channels: 17, inner: 1 },
    { n: 9, channels: 300, inner: 1 },
    { n: 7, channels: 3, inner: 3 },
    { n: 5, channels: 4, inner: 7 },
    { n: 4, channels: 9, inner: 8 },
    { n: 3, channels: 6, inner: 49 },
    { n: 2, channels: 13, inner: 33 },
    { n: 2, channels: 3, inner: 4097 },
    { n: 5, channels: 1, inner: 63 },
    { n: 2, channels: 270, inner: 5 },
    // Threads take some channels in chunks.
    { n: 2, channels: 21, inner: 1027 },
    { n: 210, channels: 200, inner: 1 },
  ].flatMap(bothWays),
  kernelCase("batchNorm", `${name(large)} in place`, (m) => {
    const x = m.normal(countOf(large), 0.5);
    return { x, y: x, mean: m.out(5), variance: m.out(5), eps: 1e-5, ...large };
  }),
  kernelCase("batchNormBackward", `${name(large)} in place`, (m) => {
    const { y, dy, variance } = gradient(m, large);
    return { y, dy, variance, dx: dy, eps: 1e-5, ...large };
  }),
  // A mean a thousand deviations away costs none of the digits of what is left.
  ...[far, { n: 500, channels: 6, inner: 1 }, { n: 900, channels: 1, inner: 7 }].map((size) =>
    kernelCase("batchNorm", `${name(size)}, mean 1000 deviations from 0`, (m) => ({
      x: perChannel(m, size, 1000, 1),
      y: m.out(countOf(size)),
      mean: m.out(size.channels),
      variance: m.out(size.channels),
      eps: 1e-5,
      ...size,
    })),
  ),
  kernelCase(
    "batchNormBackward",
    "a gradient whose mean is 1000 deviations from 0",
    (m) => ({
      ...gradient(m, far, 1000),
      y: perChannel(m, far, 0, 0.5),
      dx: m.out(countOf(far)),
      eps: 1e-5,
      ...far,
    }),
    { tolerance: 1e-5 },
  ),
  kernelCase("batchNorm", "first values far from all others", (m) => {
    const x = m.normal(countOf(far), 5, 0.01);
    for (let channel = 0; channel < far.channels; channel++) x.array[channel * far.inner] = 3000;
    return { x, y: m.out(countOf(far)), mean: m.out(5), variance: m.out(5), eps: 1e-5, ...far };
  }),
  kernelCase(
    "batchNorm",
    "channels of one value each",
    (m) => ({
      x: m.values(Float32Array.from({ length: countOf(far) }, (_, i) => Math.floor(i / far.inner) % far.channels)),
      y: m.out(countOf(far)),
      mean: m.out(5),
      variance: m.out(5),
      eps: 1e-5,
      ...far,
    }),
    { floor: 4 },
  ),
  kernelCase("batchNorm", "what is not a number stays in its channel", (m) => {
    const x = m.normal(2 * 3 * 10);
    x.array[13] = Number.NaN;
    x.array[51] = Number.POSITIVE_INFINITY;
    return { x, y: m.out(60), mean: m.out(3), variance: m.out(3), eps: 1e-5, n: 2, channels: 3, inner: 10 };
  }),
  ...[1, 4, 19].flatMap((channels) => [
    kernelCase("batchNormAverage", `${channels} channels`, (m) => ({
      mean: m.normal(channels),
      variance: m.between(channels, 0, 2),
      runningMean: m.normal(channels),
      runningVariance: m.between(channels, 0, 2),
      factor: m.values([7.5]),
      fraction: 0.999,
      correction: 1.01,
    })),
    ...[true, false].map((all) =>
      kernelCase("normToAffine", `${channels} channels${all ? "" : ", without statistics and shift"}`, (m) => ({
        mean: all ? m.normal(channels) : undefined,
        variance: all ? m.between(channels, 0, 2) : undefined,
        scale: m.normal(channels, 1),
        bias: m.normal(channels),
        shift: all ? m.normal(channels) : undefined,
        multiplier: m.out(channels),
        offset: m.out(channels),
        eps: 1e-5,
      })),
    ),
    kernelCase("normToAffine", `${channels} channels, only statistics`, (m) => ({
      ...{ mean: m.normal(channels), variance: m.between(channels, 0, 2), scale: undefined, bias: undefined },
      ...{ shift: undefined, multiplier: m.out(channels), offset: m.out(channels), eps: 1e-3 },
    })),
    kernelCase("batchNormGlobal", `${channels} channels`, (m) => ({
      runningMean: m.normal(channels),
      runningVariance: m.between(channels, 0, 2),
      factor: m.values([998.7]),
      mean: m.out(channels),
      variance: m.out(channels),
    })),
    kernelCase("batchNormGlobal", `${channels} channels, factor 0`, (m) => ({
      runningMean: m.normal(channels),
      runningVariance: m.between(channels, 0, 2),
      factor: m.values([0]),
      mean: m.out(channels),
      variance: m.out(channels),
    })),
  ]),
];
