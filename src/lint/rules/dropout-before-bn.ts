import { isLoss } from "../../core/layer-roles.js";
import { memoized } from "../../util/memoized.js";
import { formatNumber } from "../../util/number-format.js";
import { andOthers, batchNorms } from "../batch-norms.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Problem, Rule } from "../rule.js";
import type { View } from "../view.js";

export const dropoutBeforeBn: Rule = {
  id: "dropout-before-bn",
  severity: "warning",
  summary: "a Dropout before a BatchNorm, whose averages then have the variance of its noise, which TEST does not have",

  *check(net) {
    const found = new Map<LintLayer, Noise>();
    for (const { view, layer, usesGlobalStats } of net.views
      .filter(({ phase }) => phase === "TRAIN")
      .flatMap(batchNorms)) {
      const noise = usesGlobalStats ? undefined : noisesIn(view).get(view.maker(layer));
      if (noise && testsByAverages(net, layer)) found.set(layer, noise);
    }
    const direct = net.layers.filter((layer) => found.get(layer)?.weights === undefined && found.has(layer));
    const through = net.layers.filter((layer) => found.get(layer)?.weights !== undefined);
    for (const [first, ...others] of [direct, through]) {
      const noise = first && found.get(first);
      if (noise) yield problemOf(first, noise, others);
    }
  },
};

/** A Dropout whose noise is in a layer's top. */
interface Noise {
  readonly dropout: LintLayer;
  /** The last layer with weights on the way, which adds up many values that are dropped each for itself. */
  readonly weights: LintLayer | undefined;
  /** Whether no layer is between that changes values. */
  readonly bare: boolean;
}

/** The layers whose tops have a Dropout's noise. A BatchNorm or MVN makes an end to it, as it normalizes the noise too. */
const noisesIn = memoized((view: View) => {
  const noises = new Map<LintLayer | undefined, Noise>();
  for (const layer of view.layers) {
    const { facts, message, type } = layer;
    if (facts?.isIdentityInTest) {
      if (ratioOf(layer) > 0) noises.set(layer, { dropout: layer, weights: undefined, bare: true });
      continue;
    }
    if (!facts || type === "BatchNorm" || type === "MVN" || isLoss(message)) continue;
    const noise = message.bottom.map((_, index) => noises.get(view.maker(layer, index))).find(Boolean);
    const weights = facts.isLinear ? layer : noise?.weights;
    const isCopy = facts.sharesBottom || (facts.passesOn === "first" && facts.commutesWithAffine);
    const bare = noise?.bare === true && isCopy;
    if (noise) noises.set(layer, { ...noise, weights, bare });
  }
  return noises;
});

function ratioOf({ message }: LintLayer): number {
  return message.dropoutParam?.dropoutRatio ?? 0.5;
}

/** Whether TEST normalizes by the averages, which the layer, or one of its name, keeps. Without a TEST, it is to be expected. */
function testsByAverages({ views }: LintNet, { name }: LintLayer): boolean {
  const tested = views
    .filter(({ phase }) => phase === "TEST")
    .flatMap(batchNorms)
    .filter(({ layer }) => layer.name === name);
  return tested.length === 0 || tested.some(({ usesGlobalStats }) => usesGlobalStats);
}

function problemOf(layer: LintLayer, { dropout, weights, bare }: Noise, others: readonly LintLayer[]): Problem {
  const ratio = Number(ratioOf(dropout).toPrecision(7));
  const kept = 1 - ratio;
  const effect = bare
    ? `With a ratio of ${formatNumber(ratio)} it is at least 1/(1 − ${formatNumber(ratio)}) = ${formatNumber(1 / kept, 3)} times as large, so in TEST ` +
      `channels come out with at most √${formatNumber(kept, 3)} = ${formatNumber(Math.sqrt(kept), 2)} of the standard deviation they had in training.`
    : "In TEST channels come out weaker than they were in training, each by another share.";
  return {
    at: layer.at(),
    severity: weights ? "info" : "warning",
    message: `${layer.label} comes behind ${dropout.label}${weights ? `, through ${weights.label}` : ""}${andOthers(others)}`,
    why:
      "In training the variance that BatchNorm averages includes the noise of what is dropped; in TEST nothing is dropped, but the averages are used. " +
      `${effect} Behind the last BatchNorm, Dropout does not do this.`,
  };
}
