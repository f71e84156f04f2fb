import { InfogainLossLayer } from "../../layers/loss/infogain-loss.js";
import { SoftmaxWithLossLayer } from "../../layers/loss/softmax-with-loss.js";
import { SoftmaxWithLossOHEMLayer } from "../../layers/loss/softmax-with-loss-ohem.js";
import { mapping } from "./mapping.js";
import { softmaxOf } from "./softmax.js";

/**
 * SoftmaxWithLoss, SoftmaxWithLossOHEM, InfogainLoss → `Softmax` of the scores: their second top, or an output `prob`. The loss is left out.
 * Exact.
 */
export const softmaxWithLoss = mapping([SoftmaxWithLossLayer, SoftmaxWithLossOHEMLayer, InfogainLossLayer], (w) => {
  w.drop("its softmax is written; the loss, which needs labels, is left out");
  const prob = softmaxOf(w, w.first("softmax"));
  if (w.top.length > 1) w.set(1, prob);
  else w.output("prob", prob, w.input(0).dims);
});
