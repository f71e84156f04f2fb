import { SwishLayer } from "../../layers/activation/swish.js";
import { mapping } from "./mapping.js";

/** Swish → `Mul` by beta unless it is 1, `Sigmoid`, and `Mul` by x. Exact but for rounding. */
export const swish = mapping(SwishLayer, (w) => {
  const gate = w.node("Sigmoid", [w.affine(w.x, w.call("swish").beta, 0)]);
  w.set(0, w.node("Mul", [w.x, gate]));
});
