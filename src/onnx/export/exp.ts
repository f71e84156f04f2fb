import { ExpLayer } from "../../layers/activation/exp.js";
import { mapping } from "./mapping.js";

/** Exp → `Mul` by scale·log(base) and `Add` of shift·log(base), each unless it changes nothing, and `Exp`. Exact. */
export const exp = mapping(ExpLayer, (w) => {
  const { scale, shift } = w.call("exp");
  w.set(0, w.node("Exp", [w.affine(w.x, scale, shift)]));
});
