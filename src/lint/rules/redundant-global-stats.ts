import { batchNorms } from "../batch-norms.js";
import { removeGlobalStats, writtenStats } from "../global-stats.js";
import { isBypassed } from "../one-phase.js";
import type { Rule } from "../rule.js";

export const redundantGlobalStats: Rule = {
  id: "redundant-global-stats",
  severity: "info",
  summary: "`use_global_stats` is set to what the phase gives anyway",

  *check(net) {
    for (const { layer, value, train, test, at } of writtenStats(net)) {
      const [phase, views, others] = value ? (["TEST", test, train] as const) : (["TRAIN", train, test] as const);
      if (views.length === 0 || others.length > 0) continue;
      if (views.flatMap(batchNorms).some((norm) => norm.layer === layer && isBypassed(net, norm))) continue; // bn-one-phase reports it
      yield {
        at,
        message: `${layer.label} sets use_global_stats: ${value}, which it is in ${phase} anyway`,
        why:
          `Only ${phase} runs this layer here. Unset, the field follows the phase, the batch's statistics in TRAIN and the ` +
          "averages in TEST, so that one text is right for both.",
        fix: removeGlobalStats(net, layer),
      };
    }
  },
};
