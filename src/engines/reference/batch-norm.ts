import type { Channels, NormPool } from "../../core/kernels.js";
import type { FloatArray } from "../../core/span.js";
import type { Arguments } from "./kernel.js";
import { avePool, avePoolBackward, maxPool, maxPoolBackward } from "./pool.js";

/** Visits every value of one channel by its flat index. */
function eachOf(channel: number, { n, channels, inner }: Channels, visit: (index: number) => void): void {
  for (let image = 0; image < n; image++) {
    const start = (image * channels + channel) * inner;
    for (let i = start; i < start + inner; i++) visit(i);
  }
}

export function batchNorm({ x, y, mean, variance, eps, ...size }: Arguments<"batchNorm">): void {
  const count = size.n * size.inner;
  for (let channel = 0; channel < size.channels; channel++) {
    let total = 0;
    eachOf(channel, size, (i) => {
      total += x[i];
    });
    const center = total / count;
    let squares = 0;
    eachOf(channel, size, (i) => {
      squares += (x[i] - center) ** 2;
    });
    mean[channel] = center;
    variance[channel] = squares / count;
    const deviation = Math.sqrt(squares / count + eps);
    eachOf(channel, size, (i) => {
      y[i] = (x[i] - center) / deviation;
    });
  }
}

export function batchNormBackward({ y, dy, variance, dx, eps, ...size }: Arguments<"batchNormBackward">): void {
  const count = size.n * size.inner;
  for (let channel = 0; channel < size.channels; channel++) {
    let total = 0;
    let product = 0;
    eachOf(channel, size, (i) => {
      total += dy[i];
      product += dy[i] * y[i];
    });
    const deviation = Math.sqrt(variance[channel] + eps);
    eachOf(channel, size, (i) => {
      dx[i] = (dy[i] - total / count - (y[i] * product) / count) / deviation;
    });
  }
}

export function batchNormFused(args: Arguments<"batchNormFused">): void {
  const { x, y, scale, bias, negativeSlope } = args;
  // In double precision, since x may be y.
  const normalized = new Float64Array(x.length);
  batchNorm({ ...args, y: normalized });
  for (let channel = 0; channel < args.channels; channel++) {
    eachOf(channel, args, (i) => {
      const v = normalized[i] * (scale ? scale[channel] : 1) + (bias ? bias[channel] : 0);
      y[i] = Math.max(v, 0) + negativeSlope * Math.min(v, 0);
    });
  }
}

export function batchNormFusedBackward(args: Arguments<"batchNormFusedBackward">): void {
  const { x, dy, dx, mean, variance, scale, bias, dscale, dbias, negativeSlope, eps, ...size } = args;
  const normalized = new Float64Array(x.length);
  const through = new Float64Array(x.length);
  normalize({ x, mean, variance, y: normalized, eps, ...size });
  for (let channel = 0; channel < size.channels; channel++) {
    const factor = scale ? scale[channel] : 1;
    let sum = 0;
    let product = 0;
    eachOf(channel, size, (i) => {
      const d = dy[i] * (normalized[i] * factor + (bias ? bias[channel] : 0) > 0 ? 1 : negativeSlope);
      sum += d;
      product += d * normalized[i];
      through[i] = d * factor;
    });
    if (dscale) dscale[channel] += product;
    if (dbias) dbias[channel] += sum;
  }
  batchNormBackward({ y: normalized, dy: through, variance, dx, eps, ...size });
}

/** What is pooled is rounded as a blob would be. */
export function batchNormPool(args: Arguments<"batchNormPool">): void {
  const between = args.x.slice();
  batchNormFused({ ...args, ...channelsOf(args), y: between });
  poolOf(args, between);
}

export function batchNormPoolBackward(args: Arguments<"batchNormPoolBackward">): void {
  const { x, dy, method, mean, variance, scale, bias, negativeSlope, eps } = args;
  const gradient = x.slice();
  if (method === "AVE") avePoolBackward({ ...args, dx: gradient });
  else {
    const y = x.slice();
    const mask = new Float64Array(dy.length);
    normalizeFused({ x, y, mean, variance, scale, bias, negativeSlope, eps, ...channelsOf(args) });
    maxPool({ ...args, x: y, y: new Float64Array(dy.length), mask });
    maxPoolBackward({ ...args, mask, dx: gradient });
  }
  batchNormFusedBackward({ ...args, ...channelsOf(args), dy: gradient });
}

export function normalizePool(args: Arguments<"normalizePool">): void {
  const between = args.x.slice();
  normalizeFused({ ...args, ...channelsOf(args), y: between });
  poolOf(args, between);
}

function channelsOf({ planes, channels, input }: NormPool): Channels {
  return { n: planes / channels, channels, inner: input[0] * input[1] };
}

function poolOf(args: NormPool & { readonly y: FloatArray }, x: FloatArray): void {
  if (args.method === "AVE") avePool({ ...args, x });
  else maxPool({ ...args, x, mask: undefined });
}

export function batchNormAverage(args: Arguments<"batchNormAverage">): void {
  const { mean, variance, runningMean, runningVariance, factor, fraction, correction } = args;
  factor[0] = fraction * factor[0] + 1;
  for (let c = 0; c < mean.length; c++) {
    runningMean[c] = fraction * runningMean[c] + mean[c];
    runningVariance[c] = fraction * runningVariance[c] + correction * variance[c];
  }
}

export function batchNormGlobal(args: Arguments<"batchNormGlobal">): void {
  const { runningMean, runningVariance, factor, mean, variance } = args;
  const scale = factor[0] === 0 ? 0 : 1 / factor[0];
  for (let c = 0; c < mean.length; c++) {
    mean[c] = scale * runningMean[c];
    variance[c] = scale * runningVariance[c];
  }
}

export function normalize({ x, mean, variance, y, eps, ...size }: Arguments<"normalize">): void {
  for (let channel = 0; channel < size.channels; channel++) {
    const center = mean ? mean[channel] : 0;
    const deviation = Math.sqrt(variance[channel] + eps);
    eachOf(channel, size, (i) => {
      y[i] = (x[i] - center) / deviation;
    });
  }
}

export function normalizeFused(args: Arguments<"normalizeFused">): void {
  const { x, y, mean, variance, scale, bias, negativeSlope, eps } = args;
  for (let channel = 0; channel < args.channels; channel++) {
    const center = mean ? mean[channel] : 0;
    const deviation = variance ? Math.sqrt(variance[channel] + eps) : 1;
    eachOf(channel, args, (i) => {
      const v = ((x[i] - center) / deviation) * (scale ? scale[channel] : 1) + (bias ? bias[channel] : 0);
      y[i] = Math.max(v, 0) + negativeSlope * Math.min(v, 0);
    });
  }
}

export function normToAffine(args: Arguments<"normToAffine">): void {
  const { mean, variance, scale, bias, shift, multiplier, offset, eps } = args;
  for (let c = 0; c < multiplier.length; c++) {
    const times = (scale ? scale[c] : 1) / (variance ? Math.sqrt(variance[c] + eps) : 1);
    multiplier[c] = times;
    offset[c] = (bias ? bias[c] : 0) + ((shift ? shift[c] : 0) - (mean ? mean[c] : 0)) * times;
  }
}
