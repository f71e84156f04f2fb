import type { Channels } from "../../core/kernels.js";
import { type Bind, call, grainOf } from "./call.js";

export const batchNorm: Bind<"batchNorm"> = ({ x, y, mean, variance, eps, ...size }, at) => {
  const { channels, count, numbers, extra } = collapse(size);
  const addresses = [at(x, count), at(y, count), at(mean, channels), at(variance, channels)];
  return call("batchNorm", channels, [...addresses, ...numbers, eps], extra);
};

export const batchNormBackward: Bind<"batchNormBackward"> = ({ y, dy, variance, dx, eps, ...size }, at) => {
  const { channels, count, numbers, extra } = collapse(size);
  const addresses = [at(y, count), at(dy, count), at(variance, channels), at(dx, count)];
  return call("batchNormBackward", channels, [...addresses, ...numbers, eps], extra);
};

export const batchNormFused: Bind<"batchNormFused"> = (args, at) => {
  const { x, y, mean, variance, scale, bias, negativeSlope, eps, ...size } = args;
  const { channels, count, numbers, extra } = collapse(size);
  const spans = [at(x, count), at(y, count), ...[mean, variance, scale, bias].map((span) => at(span, channels))];
  return call("batchNormFused", channels, [...spans, ...numbers, negativeSlope, eps], extra);
};

export const batchNormFusedBackward: Bind<"batchNormFusedBackward"> = (args, at) => {
  const { x, dy, dx, mean, variance, scale, bias, dscale, dbias, negativeSlope, eps, ...size } = args;
  const { channels, count, numbers, extra } = collapse(size);
  const perChannel = [mean, variance, scale, bias, dscale, dbias].map((span) => at(span, channels));
  const spans = [at(x, count), at(dy, count), at(dx, count), ...perChannel];
  return call("batchNormFusedBackward", channels, [...spans, ...numbers, negativeSlope, eps], extra);
};

export const batchNormAverage: Bind<"batchNormAverage"> = (args, at) => {
  const { mean, variance, runningMean, runningVariance, factor, fraction, correction } = args;
  const channels = mean.count;
  const addresses = [mean, variance, runningMean, runningVariance].map((span) => at(span, channels));
  return call("batchNormAverage", channels, [...addresses, at(factor, 1), fraction, correction]);
};

export const batchNormGlobal: Bind<"batchNormGlobal"> = (args, at) => {
  const { runningMean, runningVariance, factor, mean, variance } = args;
  const channels = mean.count;
  const given = [at(runningMean, channels), at(runningVariance, channels), at(factor, 1)];
  return call("batchNormGlobal", channels, [...given, at(mean, channels), at(variance, channels)]);
};

export const normalize: Bind<"normalize"> = ({ x, mean, variance, y, eps, ...size }, at) => {
  const { channels, count, numbers, extra } = collapse(size);
  const addresses = [at(x, count), at(mean, channels), at(variance, channels), at(y, count)];
  return call("normalize", channels, [...addresses, ...numbers, eps], extra);
};

export const normalizeFused: Bind<"normalizeFused"> = (args, at) => {
  const { x, y, mean, variance, scale, bias, negativeSlope, eps, ...size } = args;
  const { channels, count, numbers, extra } = collapse(size);
  const spans = [at(x, count), at(y, count), ...[mean, variance, scale, bias].map((span) => at(span, channels))];
  return call("normalizeFused", channels, [...spans, ...numbers, negativeSlope, eps], extra);
};

export const normToAffine: Bind<"normToAffine"> = (
  { mean, variance, scale, bias, shift, multiplier, offset, eps },
  at,
) => {
  const channels = multiplier.count;
  const spans = [mean, variance, scale, bias, shift, multiplier, offset].map((span) => at(span, channels));
  return call("normToAffine", channels, [...spans, eps]);
};

/** With one channel all values are one plane. */
function collapse({ n, channels, inner }: Channels) {
  const numbers = channels === 1 ? [1, 1, n * inner] : [n, channels, inner];
  const extra = { scratch: "batchNormScratch", grain: grainOf(n * inner) } as const;
  return { channels: n * inner === 0 ? 0 : channels, count: n * channels * inner, numbers, extra };
}
