import type { PlainName } from "../../core/kernels.js";
import { EltwiseLayer } from "../../layers/common/eltwise.js";
import { mapping } from "./mapping.js";

const kernels = ["sum", "mul", "maxOf", "copy", "fill"] as const satisfies readonly PlainName[];

/**
 * Eltwise → `Mul`s (PROD), `Max` (MAX), or `Add`s (SUM), in the order of the bottoms. A coefficient of −1 makes an `Add` a `Sub`; any other but
 * 1 is a `Mul` before it. Exact.
 */
export const eltwise = mapping(EltwiseLayer, (w) => {
  const xs = w.bottom.map(({ value }) => value);
  const [sum] = w.calls("sum", kernels);
  if (!sum) {
    const isMax = w.calls("maxOf", kernels).length > 0;
    return w.set(0, isMax ? w.node("Max", xs) : xs.reduce((a, b) => w.node("Mul", [a, b])));
  }
  const times = (i: number) => w.affine(xs[i] ?? "", sum.coefficients[i] ?? 1, 0);
  let y = times(0);
  for (let i = 1; i < xs.length; i++) {
    y = sum.coefficients[i] === -1 ? w.node("Sub", [y, xs[i] ?? ""]) : w.node("Add", [y, times(i)]);
  }
  w.set(0, y);
});
