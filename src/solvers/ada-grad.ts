import { refused } from "./problem.js";
import { descent, historyOf, type UpdateRule, withoutMomentum } from "./update-rule.js";

/**
 * AdaGrad: h ← h + g², w ← w − rate·g/(√h + delta); g is the gradient (see `descent`). `delta` is 1e-8 by default;
 * `momentum` must be 0.
 *
 * Source: Duchi et al. 2011.
 */
export const adaGrad: UpdateRule = {
  type: "AdaGrad",
  histories: 1,
  isNormalized: true,

  *problems({ momentum }) {
    if (momentum !== 0) yield refused("momentum", withoutMomentum("AdaGrad", momentum));
  },

  record(k, update) {
    k.adaGrad({ ...descent(update), history: historyOf(update), delta: update.solver.delta });
  },
};
