import { type Bind, call } from "./call.js";
import { collapseChannels } from "./collapse.js";

export const batchNorm: Bind<"batchNorm"> = ({ x, y, mean, variance, eps, ...size }, at) => {
  const { channels, count, numbers, extra } = collapseChannels(size);
  const addresses = [at(x, count), at(y, count), at(mean, channels), at(variance, channels)];
  return call("batchNorm", channels, [...addresses, ...numbers, eps], extra);
};

export const batchNormBackward: Bind<"batchNormBackward"> = ({ y, dy, variance, dx, eps, ...size }, at) => {
  const { channels, count, numbers, extra } = collapseChannels(size);
  const addresses = [at(y, count), at(dy, count), at(variance, channels), at(dx, count)];
  return call("batchNormBackward", channels, [...addresses, ...numbers, eps], extra);
};

export const normalize: Bind<"normalize"> = ({ x, mean, variance, y, eps, ...size }, at) => {
  const { channels, count, numbers, extra } = collapseChannels(size);
  const addresses = [at(x, count), at(mean, channels), at(variance, channels), at(y, count)];
  return call("normalize", channels, [...addresses, ...numbers, eps], extra);
};

export const batchNormMoments: Bind<"batchNormMoments"> = ({ x, runningMean, factor, center, sums, ...size }, at) => {
  const { count, numbers, extra } = collapseChannels(size);
  const { channels } = size;
  const addresses = [at(x, count), at(runningMean, channels), at(factor, 1), at(center, channels)];
  return call("batchNormMoments", channels, [...addresses, at(sums, 4 * channels), ...numbers], extra);
};

export const batchNormBackwardSums: Bind<"batchNormBackwardSums"> = ({ y, dy, sums, ...size }, at) => {
  const { count, numbers, extra } = collapseChannels(size);
  const { channels } = size;
  const addresses = [at(y, count), at(dy, count), at(sums, 4 * channels)];
  return call("batchNormBackwardSums", channels, [...addresses, ...numbers], extra);
};

export const batchNormBackwardApply: Bind<"batchNormBackwardApply"> = (
  { y, dy, variance, averages, dx, eps, ...size },
  at,
) => {
  const { channels, count, numbers, extra } = collapseChannels(size);
  const perChannel = [at(variance, channels), at(averages, 4 * channels)];
  const addresses = [at(y, count), at(dy, count), ...perChannel, at(dx, count)];
  return call("batchNormBackwardApply", channels, [...addresses, ...numbers, eps], extra);
};
