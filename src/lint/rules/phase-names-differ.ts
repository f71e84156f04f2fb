import type { LintNet } from "../net.js";
import { isNormPair, nameDifferences, oneName, sharesParams, whereNamesDiffer } from "../phase-names.js";
import type { PhasePair } from "../phase-pairs.js";
import type { Problem, Rule } from "../rule.js";

export const phaseNamesDiffer: Rule = {
  id: "phase-names-differ",
  severity: "error",
  summary: "a layer with parameters that TEST has by another name than TRAIN, so that it is never trained",

  *check(net) {
    for (const pair of nameDifferences(net)) {
      // missing-weights speaks of layers that a file lacks.
      if (pair.from === "TRAIN" && !isNormPair(pair)) yield problem(net, pair);
    }
  },
};

function problem(net: LintNet, pair: PhasePair): Problem {
  const { train, test } = pair;
  const isShared = sharesParams(pair);
  return {
    ...whereNamesDiffer(pair),
    severity: isShared ? "warning" : undefined,
    why: isShared
      ? "Its parameters have the names of those in TRAIN, by which Moka finds them. Caffe does not: between two nets it goes by the " +
        "names of layers alone, and leaves these as their fillers made them."
      : `A test net gets its parameters from the training net by the names of layers. None is called "${test.message.name}", so it ` +
        `computes with what its filler made, whatever "${train.message.name}" learns in the same place.`,
    fix: oneName(net, pair),
  };
}
