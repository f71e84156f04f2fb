import { formatNumber } from "../../util/number-format.js";
import { type BatchNorm, batchNorms } from "../batch-norms.js";
import { factorOf } from "../freeze.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import { isBypassed, phaseOf } from "../one-phase.js";
import type { Problem, Rule } from "../rule.js";
import { epsOf } from "../statistics.js";

export const bnOnePhase: Rule = {
  id: "bn-one-phase",
  severity: "error",
  summary: "a BatchNorm, or the Scale behind one, that only one of TRAIN and TEST has",

  *check(net) {
    const phase = phaseOf(net);
    for (const norm of net.views.flatMap(batchNorms)) {
      const own = phase(norm.layer);
      if (isBypassed(net, norm)) {
        const problem = own === "TEST" ? neverTrained(net, norm) : missingInTest(norm);
        if (problem) yield problem;
      }
      const scale = own ? undefined : norm.scale;
      const ofScale = scale && phase(scale);
      if (scale && ofScale === norm.view.phase) yield lonelyScale(scale, norm.layer, ofScale);
    }
    // A deploy net is looked at in TEST only, where such a layer is not.
    for (const layer of net.kind === "deploy" ? net.layers : []) {
      if (layer.type === "BatchNorm" && phase(layer) === "TRAIN") yield missingInTest({ layer, before: undefined });
    }
  },
};

function neverTrained(net: LintNet, { layer, usesGlobalStats }: BatchNorm): Problem | undefined {
  if (!usesGlobalStats || (net.weights && factorOf(net.weights, layer))) return undefined;
  const root = Math.sqrt(epsOf(layer));
  return {
    at: layer.at(),
    severity: net.kind === "deploy" ? "warning" : undefined,
    message: `${layer.label} is in TEST only, so it is never trained`,
    why:
      `TRAIN leaves it out: nothing gathers its averages, mean and variance count as 0, and it divides by √eps = ` +
      `${formatNumber(root, 4)}, which makes values ${formatNumber(1 / root, 4)} times as large. What is behind it has learned ` +
      "from other values. One layer for both phases normalizes by the batch in TRAIN, and by its averages in TEST; two layers " +
      "need one name for that.",
  };
}

function missingInTest({ layer, before }: Pick<BatchNorm, "layer" | "before">): Problem {
  return {
    at: layer.at(),
    message: `${layer.label} is in TRAIN only, and missing in TEST`,
    why:
      "What is behind it learns from values that have mean 0 and variance 1 in each channel of a batch, and gets in TEST what " +
      `${before ? before.label : "the layer before it"} puts out. One layer for both phases normalizes by the batch in TRAIN, and by its ` +
      "averages in TEST; two layers need one name for that.",
  };
}

function lonelyScale(scale: LintLayer, norm: LintLayer, phase: "TRAIN" | "TEST"): Problem {
  const isTrain = phase === "TRAIN";
  return {
    at: scale.at(),
    severity: isTrain ? undefined : "warning",
    message: `${scale.label} behind BatchNorm "${norm.name}" is in ${phase} only, ${isTrain ? "and missing in TEST" : "so it is never trained"}`,
    why: isTrain
      ? "It learns γ and β by which it scales and shifts each channel, and TEST does neither: what is behind it gets other values than those it has learned from."
      : "Its γ and β stay as they are filled or loaded. If they are other than 1 and 0, TEST computes something else than what was trained.",
  };
}
