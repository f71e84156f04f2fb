import { descent, historyOf, lastingMomentum, type UpdateRule } from "./update-rule.js";

/**
 * Stochastic gradient descent with momentum: h ← rate·g + momentum·h, w ← w − h; g is the gradient (see `descent`).
 *
 * Source: Bottou 2012; Sutskever et al. 2013.
 */
export const sgd: UpdateRule = {
  type: "SGD",
  histories: 1,
  isNormalized: false,
  problems: lastingMomentum,

  record(k, update) {
    k.sgd({ ...descent(update), history: historyOf(update), momentum: update.solver.momentum });
  },
};
