import { SigmoidCrossEntropyLossLayer } from "../../layers/loss/sigmoid-cross-entropy-loss.js";
import { mapping } from "./mapping.js";

/** SigmoidCrossEntropyLoss → `Sigmoid` of the scores, an output `prob`. The loss is left out. Exact. */
export const sigmoidCrossEntropyLoss = mapping(SigmoidCrossEntropyLossLayer, (w) => {
  w.drop("its sigmoid is written; the loss, which needs targets, is left out");
  w.output("prob", w.node("Sigmoid", [w.x]), w.input(0).dims);
});
