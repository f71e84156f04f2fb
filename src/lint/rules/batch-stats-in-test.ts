import { batchNorms } from "../batch-norms.js";
import { removeGlobalStats, writtenStats } from "../global-stats.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Rule } from "../rule.js";
import type { View } from "../view.js";

export const batchStatsInTest: Rule = {
  id: "batch-stats-in-test",
  severity: "warning",
  summary: "`use_global_stats: false` in TEST: the result for one image depends on the other images of its batch",

  *check(net) {
    for (const { layer, value, train, test, at } of writtenStats(net)) {
      const [view] = test;
      if (value || !view) continue;
      yield {
        at,
        message: `${layer.label} normalizes by the batch in TEST: use_global_stats: false`,
        why:
          `${dependenceOnBatch(net, view, layer)} The averages that training has gathered for this are not used. ` +
          `Left out, the phase decides: the averages in TEST${train.length > 0 ? ", the batch in TRAIN" : ""}.`,
        severity: net.kind === "deploy" ? "error" : undefined,
        fix: removeGlobalStats(net, layer),
      };
    }
  },
};

function dependenceOnBatch({ kind }: LintNet, view: View, layer: LintLayer): string {
  const m = batchNorms(view).find((norm) => norm.layer === layer)?.m;
  const batch = view.bottomShapes(layer)[0]?.[0];
  if (m === undefined || batch === undefined) {
    return "What comes out for one image depends on which others are in its batch, and on how many.";
  }
  if (m === 1) return "A channel's mean is over m = 1 value here, so what comes out is 0, whatever goes in.";
  const over = `A channel's mean and variance are over m = ${m} values here`;
  if (batch > 1) return `${over}, of ${batch} images: what comes out for one depends on the others.`;
  const trained = kind === "deploy" ? ", while training normalized by whole batches" : "";
  return `${over}, of 1 image: its brightness and contrast are lost${trained}, and any larger batch gives other answers.`;
}
