import { descent, historyOf, lastingMomentum, type UpdateRule } from "./update-rule.js";

/**
 * Nesterov's accelerated gradient: h' = rate·g + momentum·h, w ← w − ((1 + momentum)·h' − momentum·h), h ← h'; g is
 * the gradient (see `descent`).
 *
 * Source: Nesterov 1983; Sutskever et al. 2013.
 */
export const nesterov: UpdateRule = {
  type: "Nesterov",
  histories: 1,
  isNormalized: false,
  problems: lastingMomentum,

  record(k, update) {
    k.nesterov({ ...descent(update), history: historyOf(update), momentum: update.solver.momentum });
  },
};
