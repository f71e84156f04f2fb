import type { Channels } from "../../core/kernels.js";
import type { Arguments } from "./kernel.js";

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
