import { batchNormParam, writtenGlobalStats } from "../../layers/normalization/batch-norm-param.js";
import type { LayerParameter } from "../../proto/gen/caffe_pb.js";
import { formatNumber } from "../../util/number-format.js";
import type { LintNet } from "../net.js";
import { isNormPair, nameDifferences, oneName, sharesParams, whereNamesDiffer } from "../phase-names.js";
import type { PhasePair } from "../phase-pairs.js";
import type { Problem, Rule } from "../rule.js";

export const bnNamesDiffer: Rule = {
  id: "bn-names-differ",
  severity: "error",
  summary: "a BatchNorm, or the Scale behind one, that has another name in TEST than in TRAIN, or than in the weights",

  *check(net) {
    for (const pair of nameDifferences(net)) {
      if (isNormPair(pair) && usesParams(pair.test.message)) yield problem(net, pair);
    }
  },
};

/** Whether a layer's parameters change what it computes in TEST. */
function usesParams(message: LayerParameter): boolean {
  return message.type !== "BatchNorm" || writtenGlobalStats(message) !== false;
}

function problem(net: LintNet, pair: PhasePair): Problem {
  const isShared = pair.from === "TRAIN" && sharesParams(pair);
  return {
    ...whereNamesDiffer(pair),
    severity: isShared ? "warning" : undefined,
    why: `${isShared ? byParamNames : byLayerNames(pair)} ${effect(pair.test.message)}`,
    fix: oneName(net, pair),
  };
}

const byParamNames =
  "Its parameters have the names of those in TRAIN, by which Moka finds them. Caffe does not: between two nets, and from a file, it " +
  "goes by the names of layers alone.";

function byLayerNames({ from, train, test }: PhasePair): string {
  const source = from === "TRAIN" ? "A test net gets its parameters from the training net" : "Weights are copied";
  return `${source} by the names of layers, so "${test.message.name}" gets nothing of "${train.message.name}".`;
}

/** What a layer does that gets no parameters. */
function effect(message: LayerParameter): string {
  if (message.type === "Scale") {
    return "Its γ and β stay as they are filled, 1 and 0 if no filler is given, and what is behind it has learned from other values.";
  }
  const { eps } = batchNormParam(message);
  const made =
    eps > 0 ? `x/√eps, here ${formatNumber(1 / Math.sqrt(eps), 4)}·x, and nothing is normalized` : "no number";
  return `Its averages and its factor stay 0: in TEST y is ${made}.`;
}
