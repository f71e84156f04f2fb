import { descent, historyOf, lastingMomentum, type UpdateRule } from "./update-rule.js";

/**
 * AdaDelta: a ← momentum·a + (1 − momentum)·g², u = g·√((delta + b)/(delta + a)), b ← momentum·b + (1 − momentum)·u²,
 * w ← w − rate·u; g is the gradient (see `descent`). `delta` is 1e-8 by default; the paper has a rate of 1.
 *
 * Source: Zeiler 2012.
 */
export const adaDelta: UpdateRule = {
  type: "AdaDelta",
  histories: 2,
  isNormalized: true,
  problems: lastingMomentum,

  record(k, update) {
    const { momentum, delta } = update.solver;
    k.adaDelta({ ...descent(update), gradients: historyOf(update, 0), updates: historyOf(update, 1), momentum, delta });
  },
};
