import type { Channels, Kernels, NormPool } from "../../core/kernels.js";
import { type Bind, type Call, call, grainOf, type Locate } from "./call.js";
import { collapseChannels } from "./collapse.js";
import { averageScratch, layout } from "./pool-geometry.js";

export const batchNormFused: Bind<"batchNormFused"> = (args, at) => forward("batchNormFused", args, at, whole(args));
export const normalizeFused: Bind<"normalizeFused"> = (args, at) => forward("normalizeFused", args, at, whole(args));
export const batchNormPool: Bind<"batchNormPool"> = (args, at) => forward("batchNormPool", args, at, pooled(args));
export const normalizePool: Bind<"normalizePool"> = (args, at) => forward("normalizePool", args, at, pooled(args));
export const batchNormFusedBackward: Bind<"batchNormFusedBackward"> = (args, at) =>
  backward("batchNormFusedBackward", args, at, whole(args));
export const batchNormPoolBackward: Bind<"batchNormPoolBackward"> = (args, at) =>
  backward("batchNormPoolBackward", args, at, pooled(args));

export const batchNormFusedBackwardSums: Bind<"batchNormFusedBackwardSums"> = (args, at) =>
  backwardSums("batchNormFusedBackwardSums", args, at, whole(args));
export const batchNormFusedBackwardApply: Bind<"batchNormFusedBackwardApply"> = (args, at) =>
  backwardApply("batchNormFusedBackwardApply", args, at, whole(args));
export const batchNormPoolBackwardSums: Bind<"batchNormPoolBackwardSums"> = (args, at) =>
  backwardSums("batchNormPoolBackwardSums", args, at, pooled(args));
export const batchNormPoolBackwardApply: Bind<"batchNormPoolBackwardApply"> = (args, at) =>
  backwardApply("batchNormPoolBackwardApply", args, at, pooled(args));

export const normToAffine: Bind<"normToAffine"> = (
  { mean, variance, scale, bias, shift, multiplier, offset, eps },
  at,
) => {
  const channels = multiplier.count;
  const spans = [mean, variance, scale, bias, shift, multiplier, offset].map((span) => at(span, channels));
  return call("normToAffine", channels, [...spans, eps]);
};

type Sizes = ReturnType<typeof whole> | ReturnType<typeof pooled>;

function forward(
  name: string,
  { x, y, mean, variance, scale, bias, negativeSlope, eps }: Omit<Kernels["normalizeFused"], keyof Channels>,
  at: Locate,
  { channels, inputs, outputs, numbers, extra }: Sizes,
): Call {
  const spans = [at(x, inputs), at(y, outputs), ...[mean, variance, scale, bias].map((span) => at(span, channels))];
  return call(name, channels, [...spans, ...numbers, negativeSlope, eps], extra);
}

function backward(
  name: string,
  args: Omit<Kernels["batchNormFusedBackward"], keyof Channels>,
  at: Locate,
  { channels, inputs, outputs, numbers, extra }: Sizes,
): Call {
  const { x, dy, dx, mean, variance, scale, bias, dscale, dbias, negativeSlope, eps } = args;
  const perChannel = [mean, variance, scale, bias, dscale, dbias].map((span) => at(span, channels));
  const spans = [at(x, inputs), at(dy, outputs), at(dx, inputs), ...perChannel];
  return call(name, channels, [...spans, ...numbers, negativeSlope, eps], extra);
}

function backwardSums(
  name: string,
  args: Omit<Kernels["batchNormFusedBackwardSums"], keyof Channels>,
  at: Locate,
  { allChannels, inputs, outputs, numbers, extra }: Sizes,
): Call {
  const { x, dy, mean, variance, scale, bias, dscale, dbias, sums, negativeSlope, eps } = args;
  const perChannel = [mean, variance, scale, bias, dscale, dbias].map((span) => at(span, allChannels));
  const spans = [at(x, inputs), at(dy, outputs), ...perChannel, at(sums, 4 * allChannels)];
  return call(name, allChannels, [...spans, ...numbers, negativeSlope, eps], extra);
}

function backwardApply(
  name: string,
  args: Omit<Kernels["batchNormFusedBackwardApply"], keyof Channels>,
  at: Locate,
  { channels, inputs, outputs, numbers, extra }: Sizes,
): Call {
  const { x, dy, dx, mean, variance, scale, bias, averages, negativeSlope, eps } = args;
  const perChannel = [mean, variance, scale, bias].map((span) => at(span, channels));
  const spans = [at(x, inputs), at(dy, outputs), at(dx, inputs), ...perChannel, at(averages, 4 * channels)];
  return call(name, channels, [...spans, ...numbers, negativeSlope, eps], extra);
}

/** `channels` is 0 where there are no values; the sums of `allChannels` are 0 then. */
function whole(size: Channels) {
  const { count, ...sizes } = collapseChannels(size);
  return { ...sizes, allChannels: size.channels, inputs: count, outputs: count };
}

/** A call with pooling. Its scratch memory is one plane of the input, two of the output, and that of average pooling. */
function pooled({ channels, method, ...geometry }: NormPool) {
  const { inputs, outputs, extra } = layout(geometry);
  const perPlane = (4 * (inputs + 2 * outputs)) / Math.max(1, geometry.planes);
  const scratchBytes = perPlane + averageScratch(geometry).scratchBytes + 4 * 64;
  return {
    channels: inputs === 0 ? 0 : channels,
    allChannels: channels,
    inputs,
    outputs,
    numbers: [geometry.planes / channels, channels, method === "AVE"],
    extra: { ...extra, grain: grainOf(inputs / channels), scratch: "batchNormScratch" as const, scratchBytes },
  };
}
