import type { PoolGeometry } from "../../core/kernels.js";
import { grainOf } from "./call.js";

/** Scratch for averages: a row of the input and a row of the output, with 16 values before and behind each. */
export function averageScratch({ input, output }: PoolGeometry) {
  return { scratchBytes: 4 * (input[1] + output[1] + 64) };
}

/** The numbers of values and planes, and what `PoolGeometry` of assembly/pool-geometry.ts reads. */
export function layout({ planes, input, output, kernel, stride, pad }: PoolGeometry) {
  return {
    planes,
    inputs: planes * input[0] * input[1],
    outputs: planes * output[0] * output[1],
    extra: {
      grain: grainOf(input[0] * input[1]),
      table: Int32Array.of(...input, ...output, ...kernel, ...stride, ...pad),
    },
  };
}
