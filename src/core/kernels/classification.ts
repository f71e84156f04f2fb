// Classification: x (outer, dim, inner), dim classes; labels (outer, inner).
import { kernelOf } from "./kernel.js";
import type { Collapsed, Labels } from "./sizes.js";

/** y = e^x/Σ e^x over dim. May work in place. */
export const softmax = kernelOf<Collapsed>()({ x: "in", y: "out" }, { operations: 4 });
export const softmaxBackward = kernelOf<Collapsed>()({ y: "in", dy: "in", dx: "out" }, { operations: 4 });
/** loss[0] = −Σ weights[label]·log max(prob[label], 2^−126)/normalizer; weights, one for each class, are 1 if not given */
export const softmaxLoss = kernelOf<Labels & Collapsed>()(
  { prob: "in", label: "in", weights: "in?", loss: "out" },
  { operations: ({ label }) => 2 * label.count },
);
/** dx = dloss[0]·weights[label]·(prob − [label])/normalizer, 0 for ignored labels */
export const softmaxLossBackward = kernelOf<Labels & Collapsed>()({
  prob: "in",
  label: "in",
  weights: "in?",
  dloss: "in",
  dx: "out",
});
/** loss[0] = Σ (log(1 + e^x) − x·target)/normalizer, without ignored targets; each x has its own target: dim is 1 */
export const sigmoidLoss = kernelOf<Labels & Collapsed>()({ x: "in", target: "in", loss: "out" });
/** dx = dloss[0]·(1/(1 + e^−x) − target)/normalizer, 0 for ignored targets */
export const sigmoidLossBackward = kernelOf<Labels & Collapsed>()({ x: "in", target: "in", dloss: "in", dx: "out" });
/** y[0] = share of labels whose score is reached by fewer than `topK` others; perClass: the share for each class, 0 without labels */
export const accuracy = kernelOf<Collapsed & Pick<Labels, "ignore">>()({
  x: "in",
  label: "in",
  y: "out",
  perClass: "out?",
  topK: "number",
});
