import { batchNorms } from "../batch-norms.js";
import { removeGlobalStats, type WrittenStats, writtenStats } from "../global-stats.js";
import { Ignored } from "../ignore.js";
import type { LintNet } from "../net.js";
import { isBypassed } from "../one-phase.js";
import type { Fix, Rule } from "../rule.js";

export const redundantGlobalStats: Rule = {
  id: "redundant-global-stats",
  severity: "info",
  summary: "`use_global_stats` is set to what the phase gives anyway",

  *check(net) {
    const ignored = new Ignored(net.tree);
    // One finding for all: the ones that a comment turns off are neither counted nor repaired.
    const found = writtenStats(net).filter(
      (stats) => isRedundant(net, stats) && !ignored.has(redundantGlobalStats.id, stats.at.line),
    );
    const [first] = found;
    if (!first) return;
    const values = new Set(found.map(({ value }) => value));
    const isOne = found.length === 1;
    yield {
      at: first.at,
      message: isOne
        ? `${first.layer.label} sets use_global_stats: ${first.value}, which it is in ${phaseOf(first.value)} anyway`
        : `${found.length} layers set use_global_stats to what their phase gives anyway; the first is ${first.layer.label}`,
      why:
        `${
          values.size > 1
            ? "Only one phase runs each of these layers: TEST those with true, TRAIN those with false."
            : `Only ${phaseOf(first.value)} runs ${isOne ? "this layer" : `these layers, with ${first.value},`} here.`
        } Unset, the field follows the phase, the batch's statistics in TRAIN and the averages in TEST, so that one text is ` +
        "right for both.",
      fix: removeAll(net, found),
    };
  },
};

/** The phase in which an unset field has this value. */
function phaseOf(value: boolean): "TRAIN" | "TEST" {
  return value ? "TEST" : "TRAIN";
}

function isRedundant(net: LintNet, { layer, value, train, test }: WrittenStats): boolean {
  const [views, others] = value ? [test, train] : [train, test];
  if (views.length === 0 || others.length > 0) return false;
  // bn-one-phase reports a bypassed one.
  return !views.flatMap(batchNorms).some((norm) => norm.layer === layer && isBypassed(net, norm));
}

function removeAll(net: LintNet, found: readonly WrittenStats[]): Fix | undefined {
  const edits = found.flatMap(({ layer }) => removeGlobalStats(net, layer)?.edits ?? []);
  return edits.length > 0 ? { edits } : undefined;
}
