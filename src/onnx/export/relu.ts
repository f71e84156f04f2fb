import { ReLULayer } from "../../layers/activation/relu.js";
import { mapping } from "./mapping.js";

/**
 * ReLU → `Relu`, or `LeakyRelu` with a negative slope; with Synopsys's `relu6` a `Clip` at 6, behind the `LeakyRelu` if there is one. Exact;
 * with `relu6`, NaN stays NaN.
 */
export const relu = mapping(ReLULayer, (w) => {
  const [bounds] = w.calls("clip", ["relu"]);
  const [leaky] = w.calls("relu", ["clip"]);
  const y = leaky ? w.leakyRelu(w.x, leaky.negativeSlope) : w.x;
  w.set(0, bounds ? w.clip(y, bounds.min, bounds.max) : y);
});
