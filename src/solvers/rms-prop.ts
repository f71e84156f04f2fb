import { check } from "../util/errors.js";
import { descent, historyOf, type UpdateRule } from "./update-rule.js";

/**
 * RMSProp: h ← rms_decay·h + (1 − rms_decay)·g², w ← w − rate·g/(√h + delta); g is the gradient (see `descent`).
 * `rms_decay` is 0.99 by default and `delta` 1e-8; `momentum` must be 0.
 *
 * Source: Tieleman and Hinton 2012.
 */
export const rmsProp: UpdateRule = {
  type: "RMSProp",
  histories: 1,

  check({ momentum, rmsDecay }) {
    check(momentum === 0, "MOKA_FIELD", `RMSProp uses no momentum: it must be 0 or missing, not ${momentum}`);
    check(rmsDecay >= 0 && rmsDecay < 1, "MOKA_FIELD", `rms_decay must be 0 or more and less than 1, not ${rmsDecay}`);
  },

  record(k, update) {
    const { rmsDecay, delta } = update.solver;
    k.rmsProp({ ...descent(update), history: historyOf(update), rmsDecay, delta });
  },
};
