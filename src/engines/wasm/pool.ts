import type { PoolGeometry } from "../../core/kernels.js";
import { type Bind, call } from "./call.js";

export const maxPool: Bind<"maxPool"> = ({ x, y, mask, ...geometry }, at) => {
  const { planes, inputs, outputs, table } = layout(geometry);
  return call("maxPool", planes, [at(x, inputs), at(y, outputs), at(mask, outputs)], { table });
};

export const maxPoolBackward: Bind<"maxPoolBackward"> = ({ dy, mask, dx, ...geometry }, at) => {
  const { planes, inputs, outputs, table } = layout(geometry);
  return call("maxPoolBackward", planes, [at(dy, outputs), at(mask, outputs), at(dx, inputs)], { table });
};

export const avePool: Bind<"avePool"> = ({ x, y, ...geometry }, at) => {
  const { planes, inputs, outputs, table } = layout(geometry);
  return call("avePool", planes, [at(x, inputs), at(y, outputs)], { table });
};

export const avePoolBackward: Bind<"avePoolBackward"> = ({ dy, dx, ...geometry }, at) => {
  const { planes, inputs, outputs, table } = layout(geometry);
  return call("avePoolBackward", planes, [at(dy, outputs), at(dx, inputs)], { table, ...averageScratch(geometry) });
};

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
    table: Int32Array.of(...input, ...output, ...kernel, ...stride, ...pad),
  };
}
