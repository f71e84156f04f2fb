import { memoized } from "../../util/memoized.js";
import { formatNumber } from "../../util/number-format.js";
import { counted } from "../../util/words.js";
import { batchNorms } from "../batch-norms.js";
import { factorOf, freezeReason } from "../freeze.js";
import { removeGlobalStats, writtenStats } from "../global-stats.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Problem, Rule } from "../rule.js";
import { epsOf } from "../statistics.js";
import type { View } from "../view.js";

export const globalStatsInTrain: Rule = {
  id: "global-stats-in-train",
  severity: "error",
  summary: "`use_global_stats: true` in TRAIN: the averages it normalizes by never change, and at first they are empty",

  *check(net) {
    for (const { layer, value, train, at } of writtenStats(net)) {
      const [view] = train;
      if (!value || !view) continue;
      // bn-negative-variance reports weights that are no number.
      if (net.weights && Number.isNaN(factorOf(net.weights, layer))) continue;
      yield { at, ...problemOf(net, view, layer) };
    }
  },
};

function problemOf(net: LintNet, view: View, layer: LintLayer): Omit<Problem, "at"> {
  const norms = globalNorms(view);
  const norm = norms.get(layer);
  const freeze = norm && freezeReason(norm, net);
  if (freeze) {
    return {
      severity: "info",
      message: `${layer.label} is frozen: use_global_stats: true in TRAIN`,
      why:
        `Its averages stay as they are loaded, and training does not follow what the layers before it learn. ` +
        `That seems to be meant: ${freeze}.`,
    };
  }
  const eps = epsOf(layer);
  const gain = 1 / Math.sqrt(eps);
  const factor = net.weights && factorOf(net.weights, layer);
  const empty = net.weights
    ? factor === 0
      ? "In the weights given its factor is 0, so its averages are empty"
      : "The weights given have no averages for it, so they are empty"
    : "Training from scratch starts with empty averages";
  return {
    // Two layers with an eps of 1e-5 make values a hundred thousand times as large; with an eps of 1 nothing grows.
    divergesFrom: gain ** norms.size >= 100 ? 0 : undefined,
    severity: net.kind === "trainval" && !isForTest(net.file) ? "error" : "warning",
    message: `${layer.label} normalizes by averages that training never updates: use_global_stats: true in TRAIN`,
    why:
      `${empty}: mean and variance count as 0, and it divides by √eps = ${formatNumber(Math.sqrt(eps), 4)}, which makes ` +
      `values ${formatNumber(gain, 4)} times as large. With ${counted(norms.size, "such layer")} in this net they ` +
      (gain ** norms.size > 3.4e38
        ? "overflow, and a softmax loss is NaN (on a GPU 87.3365). "
        : "explode: a softmax is certain of one class, and each image of another costs 87.3365, the −ln of FLT_MIN. ") +
      "Left out, the phase decides: the batch in TRAIN, the averages in TEST.",
    fix: removeGlobalStats(net, layer),
  };
}

const globalNorms = memoized((view: View) => {
  const norms = batchNorms(view).filter(({ usesGlobalStats }) => usesGlobalStats);
  return new Map(norms.map((norm) => [norm.layer, norm]));
});

/** Whether a file's name says that it is for TEST, as the test_net of a solver is. */
function isForTest(file: string | undefined): boolean {
  const name = /[^/\\]*$/.exec(file ?? "")?.[0] ?? "";
  return /(?<![a-z])(test|val|deploy)(?![a-z])/i.test(name) && !/train/i.test(name);
}
