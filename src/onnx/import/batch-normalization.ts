import { floatConstant } from "../tensor.js";
import type { Imported, Scope } from "./scope.js";

/**
 * BatchNormalization → BatchNorm with the stored statistics and the factor 1, and Scale with its factors and shifts.
 *
 * Exact up to rounding: both add eps to the variance. Statistics of a batch (training) are refused.
 */
export function batchNormalization(node: Scope): Imported {
  const x = node.blob(0);
  const isTraining = node.node.int("training_mode", 0) !== 0 || node.node.outputs.slice(1).some((name) => name !== "");
  node.check(!isTraining, "it takes the statistics of its batch; export the model for inference (model.eval())");
  node.check(
    node.node.int("spatial", 1) === 1,
    "it has statistics for each place, not for each channel; Caffe has these only",
  );
  const [scale, shift, mean, variance] = ["scale", "shift", "mean", "variance"].map((what, index) => {
    const values = node.floats(index + 1, what);
    if (!values) throw node.node.error("MOKA_PARSE", `it has no ${what}`);
    return floatConstant([values.length], values);
  });
  if (!scale || !shift || !mean || !variance) throw new TypeError("four parameters are wanted");
  const norm = { batchNormParam: { useGlobalStats: true, eps: node.node.float("epsilon", 1e-5) } };
  const parameters = [mean, variance, floatConstant([1], [1])];
  const y = node.layer("BatchNorm", [x], norm, { parameters, suffix: "norm", inPlace: true });
  return node.layer("Scale", [y], { scaleParam: { biasTerm: true } }, { parameters: [scale, shift], inPlace: true });
}
