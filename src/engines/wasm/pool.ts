import type { NormPool, PoolGeometry } from "../../core/kernels.js";
import { type Bind, call, grainOf } from "./call.js";

export const maxPool: Bind<"maxPool"> = ({ x, y, mask, ...geometry }, at) => {
  const { planes, inputs, outputs, table, grain } = layout(geometry);
  return call("maxPool", planes, [at(x, inputs), at(y, outputs), at(mask, outputs)], { table, grain });
};

export const maxPoolBackward: Bind<"maxPoolBackward"> = ({ dy, mask, dx, ...geometry }, at) => {
  const { planes, inputs, outputs, table, grain } = layout(geometry);
  return call("maxPoolBackward", planes, [at(dy, outputs), at(mask, outputs), at(dx, inputs)], { table, grain });
};

export const avePool: Bind<"avePool"> = ({ x, y, ...geometry }, at) => {
  const { planes, inputs, outputs, table, grain } = layout(geometry);
  return call("avePool", planes, [at(x, inputs), at(y, outputs)], { table, grain });
};

export const avePoolBackward: Bind<"avePoolBackward"> = ({ dy, dx, ...geometry }, at) => {
  const { planes, inputs, outputs, table, grain } = layout(geometry);
  return call("avePoolBackward", planes, [at(dy, outputs), at(dx, inputs)], {
    table,
    grain,
    ...averageScratch(geometry),
  });
};

export const batchNormPool: Bind<"batchNormPool"> = (args, at) => {
  const { x, y, mean, variance, scale, bias, negativeSlope, eps, ...size } = args;
  const { channels, inputs, outputs, numbers, extra } = normLayout(size);
  const spans = [at(x, inputs), at(y, outputs), ...[mean, variance, scale, bias].map((span) => at(span, channels))];
  return call("batchNormPool", channels, [...spans, ...numbers, negativeSlope, eps], extra);
};

export const batchNormPoolBackward: Bind<"batchNormPoolBackward"> = (args, at) => {
  const { x, dy, dx, mean, variance, scale, bias, dscale, dbias, negativeSlope, eps, ...size } = args;
  const { channels, inputs, outputs, numbers, extra } = normLayout(size);
  const perChannel = [mean, variance, scale, bias, dscale, dbias].map((span) => at(span, channels));
  const spans = [at(x, inputs), at(dy, outputs), at(dx, inputs), ...perChannel];
  return call("batchNormPoolBackward", channels, [...spans, ...numbers, negativeSlope, eps], extra);
};

export const normalizePool: Bind<"normalizePool"> = (args, at) => {
  const { x, y, mean, variance, scale, bias, negativeSlope, eps, ...size } = args;
  const { channels, inputs, outputs, numbers, extra } = normLayout(size);
  const spans = [at(x, inputs), at(y, outputs), ...[mean, variance, scale, bias].map((span) => at(span, channels))];
  return call("normalizePool", channels, [...spans, ...numbers, negativeSlope, eps], extra);
};

/** The same with batch normalization before it: scratch for a plane, two pooled, and what averages take. */
function normLayout({ channels, method, ...geometry }: NormPool) {
  const { inputs, outputs, table } = layout(geometry);
  const perPlane = (4 * (inputs + 2 * outputs)) / Math.max(1, geometry.planes);
  const scratchBytes = perPlane + averageScratch(geometry).scratchBytes + 4 * 64;
  return {
    channels: inputs === 0 ? 0 : channels,
    inputs,
    outputs,
    numbers: [geometry.planes / channels, channels, method === "AVE"],
    extra: {
      table,
      grain: grainOf(inputs / channels),
      scratch: "batchNormScratch" as const,
      scratchBytes,
    },
  };
}

/** A line of a plane, and one of what is made of it, with 16 values before and behind each. */
function averageScratch({ input, output }: PoolGeometry) {
  return { scratchBytes: 4 * (input[1] + output[1] + 64) };
}

/** How many values there are, and what `PoolGeometry` of assembly/pool-geometry.ts reads. */
function layout({ planes, input, output, kernel, stride, pad }: PoolGeometry) {
  return {
    planes,
    inputs: planes * input[0] * input[1],
    outputs: planes * output[0] * output[1],
    grain: grainOf(input[0] * input[1]),
    table: Int32Array.of(...input, ...output, ...kernel, ...stride, ...pad),
  };
}
