import { formatNumber } from "../util/number-format.js";
import { refused } from "./problem.js";
import { descent, historyOf, type UpdateRule } from "./update-rule.js";

/**
 * Adam: m ← momentum·m + (1 − momentum)·g, v ← momentum2·v + (1 − momentum2)·g²,
 * w ← w − rate·(√(1 − momentum2^t)/(1 − momentum^t))·m/(√v + delta); g is the gradient (see `descent`), t the number
 * of this update. `momentum` is 0 by default, `momentum2` 0.999 and `delta` 1e-8.
 *
 * A `momentum` of 1 or more, or a `momentum2` of more than 1, is an error: the correction would not be a finite number,
 * and the weights would become NaN, as in Caffe.
 *
 * Source: Kingma and Ba 2014.
 */
export const adam: UpdateRule = {
  type: "Adam",
  histories: 2,
  isNormalized: true,

  *problems({ momentum, momentum2 }) {
    if (!(momentum >= 0 && momentum < 1)) {
      yield refused("momentum", `Adam needs momentum of 0 or more and less than 1, not ${formatNumber(momentum)}`);
    }
    if (!(momentum2 >= 0 && momentum2 <= 1)) {
      yield refused("momentum2", `Adam needs momentum2 from 0 to 1, not ${formatNumber(momentum2)}`);
    }
  },

  correction({ momentum, momentum2 }, update) {
    return Math.sqrt(1 - momentum2 ** update) / (1 - momentum ** update);
  },

  record(k, update) {
    const { momentum, momentum2, delta } = update.solver;
    const moments = { mean: historyOf(update, 0), square: historyOf(update, 1) };
    k.adam({ ...descent(update), ...moments, correction: update.correction, momentum, momentum2, delta });
  },
};
