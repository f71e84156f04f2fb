import { HardSigmoidLayer } from "../../layers/activation/hard-sigmoid.js";
import { float } from "../model.js";
import { mapping } from "./mapping.js";

/** HardSigmoid → `HardSigmoid`. Exact. */
export const hardSigmoid = mapping(HardSigmoidLayer, (w) => {
  const { alpha, beta } = w.call("hardSigmoid");
  w.set(0, w.node("HardSigmoid", [w.x], { alpha: float(alpha), beta: float(beta) }));
});
