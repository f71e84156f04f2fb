import { LRNLayer } from "../../layers/normalization/lrn.js";
import { float } from "../model.js";
import { mapping } from "./mapping.js";
import { averagePool } from "./pool.js";

/**
 * LRN across channels → one `LRN` with k as its `bias`. Within a channel: x·(1 + alpha·a)^−beta, with a the `AveragePool` of x² behind
 * a `Pad`, as the divisor counts the padding; `k` is not used there. Both are exact.
 */
export const lrn = mapping(LRNLayer, (w) => {
  if (w.steps.some((step) => step.kind === "kernel" && step.kernel === "lrn")) {
    const { size, alpha, beta, k } = w.call("lrn");
    const attributes = { size, alpha: float(alpha), beta: float(beta), bias: float(k) };
    return w.set(0, w.node("LRN", [w.x], attributes));
  }
  const { power, scale, shift } = w.call("power", ["mul", "avePool"]);
  const mean = averagePool(w, w.node("Mul", [w.x, w.x]), w.call("avePool", ["mul", "power"]));
  const sum = w.node("Add", [w.node("Mul", [mean, w.scalar(scale)]), w.scalar(shift)]);
  w.set(0, w.node("Mul", [w.x, w.node("Pow", [sum, w.scalar(power)])]));
});
