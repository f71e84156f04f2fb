import { learnableStats, placeOfSpec, setSpec, type WrittenSpec } from "../param-specs.js";
import type { Rule } from "../rule.js";

const statistics = ["mean", "variance", "factor"];

export const bnLearnableStats: Rule = {
  id: "bn-learnable-stats",
  severity: "error",
  summary: "a BatchNorm's param spec lets the solver learn its statistics: `lr_mult` is not 0",

  *check({ layers, edit }) {
    for (const layer of layers) {
      const { specs, wrong } = learnableStats(layer);
      const [first] = wrong;
      if (!first) continue;
      const named = wrong.map((spec) => statistics[specs.indexOf(spec)]).join(", ");
      const { lrMult } = first.message;
      const replaced = specs.length === 3;
      yield {
        at: placeOfSpec(first, "lr_mult"),
        message: `${layer.label} has a param spec of lr_mult ${lrMult} for its statistics (${named})`,
        why:
          "Mean, variance and factor are computed, not learned; a spec without lr_mult has 1. " +
          (replaced
            ? "With exactly three specs Caffe takes the layer for one of an old version: it logs that it upgrades the layer, and sets all " +
              "multipliers to 0. "
            : `With ${specs.length} instead of 3 specs Caffe aborts: "Cannot configure batch normalization statistics as ` +
              'layer parameters". ') +
          `Versions before September 2016 let weight decay shrink the statistics, ${shrunk(specs)}.`,
        severity: replaced ? "warning" : "error",
        fix: { edits: specs.slice(0, 3).flatMap((spec) => setSpec(edit, spec, { lr_mult: "0", decay_mult: "0" })) },
      };
    }
  },
};

/** The effect of weight decay on M/s and V/s, by which TEST goes. A parameter without a spec has both multipliers 1. */
function shrunk(specs: readonly WrittenSpec[]): string {
  const [mean, variance, factor] = statistics.map((_, index) => {
    const { lrMult, decayMult } = specs[index]?.message ?? { lrMult: 1, decayMult: 1 };
    return lrMult * decayMult;
  });
  return mean === factor && variance === factor
    ? "all three by the same factor, which M/s and V/s do not show"
    : "not all by the same factor, so that TEST went by wrong averages";
}
