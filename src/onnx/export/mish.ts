import { MishLayer } from "../../layers/activation/mish.js";
import { mapping } from "./mapping.js";

/** Mish → `Softplus`, `Tanh` and `Mul`: `Mish` came with opset 18. Exact but for rounding. */
export const mish = mapping(MishLayer, (w) => {
  w.set(0, w.node("Mul", [w.x, w.node("Tanh", [w.node("Softplus", [w.x])])]));
});
