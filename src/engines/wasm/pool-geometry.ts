import type { PoolGeometry } from "../../core/kernels.js";
import { grainOf } from "./call.js";

/** Scratch bytes for average pooling: a row of the input and a row of the output, with 16 values before and after each. */
export function averageScratch({ input, output }: PoolGeometry) {
  return { scratchBytes: 4 * (input[1] + output[1] + 64) };
}

/** The numbers of values and planes, and the table for `PoolGeometry` of assembly/pool-geometry.ts. */
export function layout({
  planes,
  input,
  output,
  kernel,
  stride,
  pad,
  padAfter = pad,
  excludesPad = false,
}: PoolGeometry) {
  return {
    planes,
    inputs: planes * input[0] * input[1],
    outputs: planes * output[0] * output[1],
    extra: {
      grain: grainOf(input[0] * input[1]),
      table: Int32Array.of(...input, ...output, ...kernel, ...stride, ...pad, ...padAfter, Number(excludesPad)),
    },
  };
}
