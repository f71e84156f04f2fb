import { type ElementwiseName, elementwiseKernels } from "../../core/kernels.js";
import type { FloatArray } from "../../core/span.js";
import type { Arguments } from "./kernel.js";

/**
 * An elementwise kernel. `value` is called with the numbers of the call and with one value of each input, in the order in
 * which the kernel's row lists them.
 */
export function each<K extends ElementwiseName>(
  name: K,
  value: (numbers: Arguments<K>, a: number, b: number, c: number) => number,
): (args: Arguments<K>) => void {
  const names = elementwiseKernels[name].spans.map((span) => span.name as keyof Arguments<K>);
  return (args) => {
    const arrays = names.map((span) => args[span] as FloatArray);
    const y = arrays[arrays.length - 1];
    const [a, b = y, c = y] = arrays;
    for (let i = 0; i < y.length; i++) y[i] = value(args, a[i], b[i], c[i]);
  };
}
