import { batchNorms } from "../batch-norms.js";
import { removeGlobalStats, writtenStats } from "../global-stats.js";
import type { LintLayer } from "../layer.js";
import { batchStatsReason, normalizesEachImage } from "../meant-batch-stats.js";
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
      const norm = batchNorms(view).find((each) => each.layer === layer);
      if (norm && normalizesEachImage(norm)) continue;
      const message = `${layer.label} normalizes by the batch in TEST: use_global_stats: false`;
      const reason = norm && batchStatsReason(norm);
      if (reason) {
        const why =
          `${dependenceOnBatch(norm.m, view, layer)} It seems to be meant: ${reason}. Then training and deployment need ` +
          "batches of the same kind.";
        yield { at, message, why, severity: "warning" };
        continue;
      }
      const trained = net.kind === "deploy" ? ", while training normalized by whole batches" : "";
      yield {
        at,
        message,
        why:
          `${dependenceOnBatch(norm?.m, view, layer, trained)} The averages that training has gathered for this are not used. ` +
          `Left out, the phase decides: the averages in TEST${train.length > 0 ? ", the batch in TRAIN" : ""}.`,
        severity: net.kind === "deploy" ? "error" : undefined,
        fix: removeGlobalStats(net, layer),
      };
    }
  },
};

/** @param trained what training did instead, if that is plain */
function dependenceOnBatch(m: number | undefined, view: View, layer: LintLayer, trained = ""): string {
  const batch = view.bottomShapes(layer)[0]?.[0];
  if (m === undefined || batch === undefined) {
    return "What comes out for one image depends on which others are in its batch, and on how many.";
  }
  if (m === 1) return "A channel's mean is over m = 1 value here, so what comes out is 0, whatever goes in.";
  const over = `A channel's mean and variance are over m = ${m} values here`;
  if (batch > 1) return `${over}, of ${batch} images: what comes out for one depends on the others.`;
  return `${over}, of 1 image: its brightness and contrast are lost${trained}, and any larger batch gives other answers.`;
}
