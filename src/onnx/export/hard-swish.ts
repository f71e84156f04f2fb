import { HardSwishLayer } from "../../layers/activation/hard-swish.js";
import { float } from "../model.js";
import { mapping } from "./mapping.js";

/** HardSwish → `HardSigmoid` of alpha 1/6 and beta 1/2, and `Mul`: `HardSwish` came with opset 14. Exact but for rounding. */
export const hardSwish = mapping(HardSwishLayer, (w) => {
  const gate = w.node("HardSigmoid", [w.x], { alpha: float(1 / 6), beta: float(0.5) });
  w.set(0, w.node("Mul", [w.x, gate]));
});
