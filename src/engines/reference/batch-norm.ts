import { readPairs, writePairs } from "../../util/double-pairs.js";
import { eachWithDim, sumPerDim } from "./dims.js";
import type { Arguments } from "./kernel.js";

export function batchNorm({ x, y, mean, variance, eps, n, channels, inner }: Arguments<"batchNorm">): void {
  const size = { outer: n, dim: channels, inner };
  const average = (sum: number) => sum / (n * inner);
  const means = sumPerDim(size, (i) => x[i]).map(average);
  const variances = sumPerDim(size, (i, c) => (x[i] - means[c]) ** 2).map(average);
  mean.set(means);
  variance.set(variances);
  eachWithDim(size, (i, c) => {
    y[i] = (x[i] - means[c]) / Math.sqrt(variances[c] + eps);
  });
}

export function batchNormBackward(args: Arguments<"batchNormBackward">): void {
  const { y, dy, variance, dx, eps, n, channels, inner } = args;
  const size = { outer: n, dim: channels, inner };
  const count = n * inner;
  const totals = sumPerDim(size, (i) => dy[i]);
  const products = sumPerDim(size, (i) => dy[i] * y[i]);
  eachWithDim(size, (i, c) => {
    dx[i] = (dy[i] - totals[c] / count - (y[i] * products[c]) / count) / Math.sqrt(variance[c] + eps);
  });
}

export function batchNormMoments(args: Arguments<"batchNormMoments">): void {
  const { x, runningMean, factor, center, sums, n, channels, inner } = args;
  const size = { outer: n, dim: channels, inner };
  const count = n * inner;
  for (let c = 0; c < channels; c++) {
    const average = factor[0] === 0 ? 0 : runningMean[c] / factor[0];
    center[c] = Number.isFinite(Math.fround(average)) ? average : 0;
  }
  const means = sumPerDim(size, (i) => x[i]).map((sum) => sum / Math.max(1, count));
  const squares = sumPerDim(size, (i, c) => (x[i] - means[c]) ** 2);
  const distances = means.map((mean, c) => mean - center[c]);
  writePairs(
    [...distances.map((distance) => count * distance), ...squares.map((sum, c) => sum + count * distances[c] ** 2)],
    sums,
  );
}

export function batchNormBackwardSums(args: Arguments<"batchNormBackwardSums">): void {
  const { y, dy, sums, n, channels, inner } = args;
  const size = { outer: n, dim: channels, inner };
  writePairs([...sumPerDim(size, (i) => dy[i]), ...sumPerDim(size, (i) => dy[i] * y[i])], sums);
}

export function batchNormBackwardApply(args: Arguments<"batchNormBackwardApply">): void {
  const { y, dy, variance, averages, dx, eps, n, channels, inner } = args;
  const average = new Float64Array(2 * channels);
  readPairs(averages, average);
  eachWithDim({ outer: n, dim: channels, inner }, (i, c) => {
    dx[i] = (dy[i] - average[c] - y[i] * average[channels + c]) / Math.sqrt(variance[c] + eps);
  });
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

export function normalize({ x, mean, variance, y, eps, n, channels, inner }: Arguments<"normalize">): void {
  eachWithDim({ outer: n, dim: channels, inner }, (i, c) => {
    y[i] = (x[i] - (mean ? mean[c] : 0)) / Math.sqrt(variance[c] + eps);
  });
}
