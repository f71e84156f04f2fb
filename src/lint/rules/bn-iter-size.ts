import { formatNumber } from "../../util/number-format.js";
import { andOthers, batchNorms } from "../batch-norms.js";
import { fractionOf, horizonOf } from "../moving-average.js";
import type { Rule } from "../rule.js";

export const bnIterSize: Rule = {
  id: "bn-iter-size",
  severity: "info",
  summary: "`iter_size` in the solver: a BatchNorm moves its averages at every forward, iter_size times an iteration",

  *check({ views, solver, ranks }) {
    const k = solver?.iterSize ?? 1;
    if (k <= 1) return;
    const training = views.filter(({ phase }) => phase === "TRAIN").flatMap(batchNorms);
    const [first, ...others] = new Set(training.filter((norm) => !norm.usesGlobalStats).map(({ layer }) => layer));
    if (!first) return;
    const f = fractionOf(first);
    const horizon = horizonOf(f);
    const batch = ranks.isSync ? `the batch of its ${ranks.count} ranks` : "its own batch";
    yield {
      at: first.at(),
      message: `${first.label} moves its averages ${k} times an iteration${andOthers(others)}: the solver has iter_size: ${k}`,
      why:
        `An iteration keeps ${formatNumber(f)}^${k} = ${formatNumber(f ** k, 4)} of the averages, not ${formatNumber(f)}; they go over ` +
        `about ${Math.round(horizon)} forwards, which are ${Math.round(horizon / k)} iterations. And each forward ` +
        `normalizes by ${batch}: iter_size makes the batch of the gradients larger, not that of the statistics.`,
    };
  },
};
