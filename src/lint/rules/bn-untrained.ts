import { formatNumber } from "../../util/number-format.js";
import { andOthers, batchNorms } from "../batch-norms.js";
import type { Rule } from "../rule.js";
import { epsOf, statisticsOf } from "../statistics.js";

export const bnUntrained: Rule = {
  id: "bn-untrained",
  severity: "error",
  summary: "weights in which the factor of a BatchNorm is 0, so that its averages count as 0",

  *check({ views, weights }) {
    if (!weights) return;
    const byAverages = views.flatMap(batchNorms).filter(({ usesGlobalStats }) => usesGlobalStats);
    const layers = [...new Set(byAverages.map(({ layer }) => layer))];
    const empty = layers.filter((layer) => statisticsOf(weights, layer)?.factor === 0);
    const [first, ...others] = empty;
    if (!first) return;
    const eps = epsOf(first);
    const filled = empty.filter((layer) => statisticsOf(weights, layer)?.filled).length;
    yield {
      at: first.at(),
      message: `${first.label} has a factor of 0 in the weights, so its averages count as 0${andOthers(others)}`,
      why:
        `With s = 0, M/s and V/s are taken as 0 and y is x/√eps, here ${formatNumber(1 / Math.sqrt(eps), 4)}·x: nothing is ` +
        `normalized. ${origin(filled, empty.length)}`,
    };
  },
};

function origin(filled: number, all: number): string {
  if (filled === 0)
    return "Its sums are 0 too: it has made no forward in TRAIN since it was made, or was copied from such weights.";
  const which = filled === all ? "Mean and variance" : `In ${filled} of ${all} such layers mean and variance`;
  return `${which} are not 0, though: a program that converted them did not set the factor to 1.`;
}
