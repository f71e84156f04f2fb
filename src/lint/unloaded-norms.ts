import { batchNorms } from "./batch-norms.js";
import type { LintLayer } from "./layer.js";
import type { LintNet } from "./net.js";
import { nameDifferences } from "./phase-names.js";

/**
 * The BatchNorm layers that go by averages which the weights given do not have. Those that the weights have by another name,
 * or TRAIN does, are left out: they are differences of names.
 */
export function normsWithoutWeights(net: LintNet): readonly LintLayer[] {
  const { views, weights, layers } = net;
  if (!weights) return [];
  const renamed = new Set(nameDifferences(net).map(({ test }) => test.message));
  const isGiven = (layer: LintLayer) => weights.of(layer).length > 0 || layer.message.blobs.length > 0;
  const given = new Set(layers.filter(isGiven).flatMap(({ message }) => message.param.map(({ name }) => name)));
  const isShared = ({ message: { param } }: LintLayer) => param.some(({ name }) => name !== "" && given.has(name));
  const byAverages = views.flatMap(batchNorms).filter(({ usesGlobalStats }) => usesGlobalStats);
  return [...new Set(byAverages.map(({ layer }) => layer))].filter((layer) => {
    return !isGiven(layer) && !isShared(layer) && !renamed.has(layer.message);
  });
}
