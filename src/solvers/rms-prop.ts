import { formatNumber } from "../util/number-format.js";
import { refused } from "./problem.js";
import { descent, historyOf, type UpdateRule, withoutMomentum } from "./update-rule.js";

/**
 * RMSProp: h ← rms_decay·h + (1 − rms_decay)·g², w ← w − rate·g/(√h + delta); g is the gradient (see `descent`).
 * `rms_decay` is 0.99 by default and `delta` 1e-8; `momentum` must be 0.
 *
 * Source: Tieleman and Hinton 2012.
 */
export const rmsProp: UpdateRule = {
  type: "RMSProp",
  histories: 1,
  isNormalized: true,

  *problems({ momentum, rmsDecay }) {
    if (momentum !== 0) yield refused("momentum", withoutMomentum("RMSProp", momentum));
    if (!(rmsDecay >= 0 && rmsDecay < 1)) {
      yield refused("rms_decay", `rms_decay must be 0 or more and less than 1, not ${formatNumber(rmsDecay)}`);
    }
  },

  record(k, update) {
    const { rmsDecay, delta } = update.solver;
    k.rmsProp({ ...descent(update), history: historyOf(update), rmsDecay, delta });
  },
};
