import { LogLayer } from "../../layers/activation/log.js";
import { mapping } from "./mapping.js";

/** Log → `Mul` by the scale and `Add` of the shift, `Log`, and `Mul` by 1/log(base), each unless it changes nothing. Exact. */
export const log = mapping(LogLayer, (w) => {
  const { scale, shift } = w.call("log", ["axpby"]);
  const [ofBase] = w.calls("axpby", ["log"]);
  w.set(0, w.affine(w.node("Log", [w.affine(w.x, scale, shift)]), ofBase?.a ?? 1, 0));
});
