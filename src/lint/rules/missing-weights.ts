import { type WeightsGap, weightsGap } from "../../core/weights-gap.js";
import { hintAt } from "../../util/closest.js";
import { listed } from "../../util/words.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import { isNormPair, nameDifferences } from "../phase-names.js";
import type { Problem, Rule } from "../rule.js";
import { normsWithoutWeights } from "../unloaded-norms.js";

export const missingWeights: Rule = {
  id: "missing-weights",
  severity: "warning",
  summary: "a layer that the weights given leave as its filler made it",

  *check(net: LintNet) {
    const { views, weights, kind, layers } = net;
    if (!weights) return;
    const told = toldElsewhere(net);
    const byName = new Map(layers.toReversed().map((layer) => [layer.name, layer]));
    for (const view of views) {
      const gap = weightsGap(view.built, [weights.message]);
      for (const { layer, meant } of gap.left) {
        const found = byName.get(layer.name);
        if (found && !told.has(found.name))
          yield problem(found, meant, gap, kind === "trainval" && meant === undefined);
      }
    }
  },
};

/** The names of layers of which bn-untrained, bn-names-differ or phase-names-differ speaks. */
function toldElsewhere(net: LintNet): ReadonlySet<string> {
  const renamed = nameDifferences(net).filter((pair) => pair.from === "TRAIN" || isNormPair(pair));
  return new Set([
    ...renamed.map(({ test }) => test.message.name),
    ...normsWithoutWeights(net).map(({ name }) => name),
  ]);
}

function problem(layer: LintLayer, meant: string | undefined, { untaken }: WeightsGap, isFinetuned: boolean): Problem {
  const hint = hintAt(meant === undefined ? undefined : `"${meant}"`);
  const names = untaken.map((name) => `"${name}"`);
  const unused = names.length === 0 ? "" : ` No layer takes the weights of ${listed(names, 5)}.`;
  return {
    at: layer.at("name"),
    severity: isFinetuned ? "info" : "warning",
    message: `${layer.label} gets none of the weights${hint}`,
    why: `Weights are copied by the names of layers. This one stays as its filler made it, which may differ from run to run.${unused}`,
  };
}
