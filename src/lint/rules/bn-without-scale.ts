import { isDataLayer } from "../../core/layer-roles.js";
import { blobLayout } from "../../layers/normalization/blob-layouts.js";
import type { FieldNode } from "../../proto/text/tree.js";
import { grouped } from "../../util/grouped.js";
import { memoized } from "../../util/memoized.js";
import { cannotLearnBehind } from "../backward.js";
import { andOthers, type BatchNorm, batchNorms } from "../batch-norms.js";
import { forkNorm, intelField } from "../forks.js";
import { insertScale } from "../insert-scale.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import { isBypassed, isScaledInOnePhase } from "../one-phase.js";
import { needingNoScale } from "../renormalized.js";
import type { Problem, Rule } from "../rule.js";
import type { View } from "../view.js";

export const bnWithoutScale: Rule = {
  id: "bn-without-scale",
  severity: "warning",
  summary: "a BatchNorm without a Scale behind it: what it normalizes is not scaled and shifted again",

  *check(net) {
    const intel = new Map<LintLayer, Problem>();
    for (const norm of net.views.flatMap(batchNorms)) {
      if (isBypassed(net, norm)) continue; // bn-one-phase reports it
      if (needingNoScale(net).has(norm.layer)) continue; // bn-twice reports it
      if (norm.scale || hasOwnScale(net, norm.layer) || scaledLater(norm.view).has(norm.layer)) continue;
      if (isScaledInOnePhase(net, norm)) continue;
      const problem = problemOf(net, norm);
      const field = intelField(net, norm.layer);
      if (problem && field) intel.set(norm.layer, forIntel(norm, field));
      else if (problem) yield problem;
    }
    // The field speaks for all of them, so it is said once.
    for (const [first, ...others] of grouped(intel.values(), ({ why }) => why).values()) {
      if (first) yield { ...first, message: first.message + andOthers(others) };
    }
  },
};

/** Whether a BatchNorm has γ inside, by a fork's fields or blobs: bn-fork-fields or bn-fork-blobs reports it. */
function hasOwnScale({ weights }: LintNet, layer: LintLayer): boolean {
  return forkNorm(layer) !== undefined || (weights && blobLayout(weights.of(layer))?.scale) !== undefined;
}

function forIntel({ layer }: BatchNorm, field: FieldNode): Problem {
  return {
    at: layer.at(),
    severity: "info",
    message: `${layer.label} has no Scale behind it, which only Intel's fork of Caffe does not need`,
    why:
      `${field.name} in line ${field.line} is a field of Intel's fork. With its MKL engines BatchNorm has γ and β inside; ` +
      "Caffe's has neither, and needs a Scale with bias_term: true behind it to train and to run the same.",
  };
}

function problemOf(net: LintNet, { view, layer, before }: BatchNorm): Problem | undefined {
  const readers = view.readers(layer).map((end) => end.layer);
  // The output of a whole net may be meant to be without a Scale: features of mean 0 and variance 1.
  if (readers.length === 0 && net.kind !== "fragment") return undefined;
  const absorbs = readers.length > 0 && readers.every(({ facts }) => facts?.isLinear);
  // Between the data and a convolution it replaces the subtraction of a mean image.
  if (absorbs && before && isDataLayer(before.message)) return undefined;
  const at = layer.at();
  if (absorbs) {
    return {
      at,
      severity: "info",
      message: `${layer.label} has no Scale behind it, but ${readers.map(({ label }) => label).join(", ")}`,
      why:
        "Its own weights can learn the scale and shift of each channel, except for a shift at padded borders, so the net loses " +
        "little. Weight decay pulls such a scale to 0, which decay_mult: 0 in a Scale would prevent.",
    };
  }
  const top = layer.message.top[0];
  const [reader] = readers;
  // Moka and Caffe would refuse the net with a Scale here.
  const isRefused = net.views.some(
    (each) => each.phase === "TRAIN" && each.has(layer) && cannotLearnBehind(each, layer),
  );
  const laterScale = readers.flatMap((each) => view.readers(each)).find((end) => end.layer.type === "Scale")?.layer;
  return {
    at,
    message: `${layer.label} has no Scale behind it`,
    why:
      `Every channel of "${top}" has mean 0 and variance 1 in training and stays so, whatever the net learns` +
      (reader ? `: that is all that ${reader.label} gets${consequenceFor(reader)}. ` : ". ") +
      (laterScale ? `Scale "${laterScale.name}" comes only behind that. ` : "") +
      "Batch normalization is y = γ·x̂ + β; BatchNorm gives x̂, and γ and β are a Scale's with bias_term: true. A new one starts " +
      "at γ = 1 and β = 0, so a trained net computes what it did." +
      (isRefused ? " Here they could not learn: what follows has no gradient to send back." : ""),
    fix: isRefused ? undefined : insertScale(net, layer),
  };
}

/** The effect of mean 0 and variance 1 on a layer that reads them. */
function consequenceFor({ type, facts }: LintLayer): string {
  if (type === "ReLU") return ", which cuts about half of it away";
  return facts?.activation === "saturating" ? ", which is nearly a straight line there" : "";
}

/** Layers with a Scale or Bias before the next nonlinear layer, as after the Concat of a concatenated ReLU. */
const scaledLater = memoized((view: View) => {
  const scaled = new Set<LintLayer>();
  const scales = (reader: LintLayer) => {
    const { type, message, facts } = reader;
    if (facts?.isAffine) return message.bottom.length === 1;
    if (/affine|scale/i.test(type)) return true; // types of forks: EltwiseAffine, ChannelScale
    return facts?.commutesWithAffine === true && scaled.has(reader);
  };
  for (const layer of view.layers.toReversed()) {
    const readers = layer.message.top.flatMap((_, top) => view.readers(layer, top));
    if (readers.some((end) => scales(end.layer))) scaled.add(layer);
  }
  return scaled;
});
