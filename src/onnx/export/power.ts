import { PowerLayer } from "../../layers/activation/power.js";
import { mapping } from "./mapping.js";

/**
 * Power → `Mul` by the scale, `Add` of the shift and `Pow`, each unless it changes nothing. A negative base gives NaN for a power with a
 * fraction, as in Caffe. Where power or scale is 0, a constant of the shape of x. Exact.
 */
export const power = mapping(PowerLayer, (w) => {
  const [constant] = w.calls("fill", ["power"]);
  if (constant) return w.set(0, w.filled(w.x, constant.value));
  const { power: exponent, scale, shift } = w.call("power");
  const base = w.affine(w.x, scale, shift);
  w.set(0, exponent === 1 ? base : w.node("Pow", [base, w.scalar(exponent)]));
});
