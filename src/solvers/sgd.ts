import { check } from "../util/errors.js";
import type { UpdateRule } from "./update-rule.js";

/**
 * Stochastic gradient descent with momentum: h ← rate·g + momentum·h, w ← w − h; g is the gradient, averaged
 * over `iter_size`, clipped, plus the weight decay (w, or its sign with `regularization_type: "L1"`).
 *
 * Source: Bottou 2012; Sutskever et al. 2013.
 */
export const sgd: UpdateRule = {
  type: "SGD",
  histories: 1,

  check({ regularizationType }) {
    check(
      regularizationType === "L1" || regularizationType === "L2",
      "MOKA_FIELD",
      `regularization_type must be "L1" or "L2", not "${regularizationType}"`,
    );
  },

  record(k, { param, history: [history], rate, clip, solver }) {
    if (!history) return;
    const { tensor, lrMult, decayMult } = param;
    k.sgd({
      w: tensor.data,
      dw: tensor.diff,
      history: history.data,
      rate,
      clip,
      rateScale: lrMult,
      gradientScale: Math.fround(1 / solver.iterSize),
      momentum: solver.momentum,
      decay: Math.fround(solver.weightDecay * decayMult),
      decayNorm: solver.regularizationType === "L1" ? "L1" : "L2",
    });
  },
};
