import { type WeightsGap, weightsGap } from "../../core/weights-gap.js";
import { hintAt } from "../../util/closest.js";
import { listed } from "../../util/words.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Problem, Rule } from "../rule.js";

export const missingWeights: Rule = {
  id: "missing-weights",
  severity: "warning",
  summary: "a layer that the weights given leave as its filler made it",

  *check({ views, weights, kind, layers }: LintNet) {
    if (!weights) return;
    const byName = new Map(layers.toReversed().map((layer) => [layer.name, layer]));
    for (const view of views) {
      const gap = weightsGap(view.built, [weights.message]);
      for (const { layer, meant } of gap.left) {
        const found = byName.get(layer.name);
        if (found) yield problem(found, meant, gap, kind === "trainval" && meant === undefined);
      }
    }
  },
};

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
