import { weightsGap } from "../../core/weights-gap.js";
import { blobShape, makeBlob } from "../../proto/binary/blob.js";
import type { NetParameter } from "../../proto/gen/caffe_pb.js";
import { hintAt } from "../../util/closest.js";
import { memoized } from "../../util/memoized.js";
import { formatNumber } from "../../util/number-format.js";
import { andOthers, batchNorms } from "../batch-norms.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Fix, Problem, Rule } from "../rule.js";
import { epsOf, statisticsOf } from "../statistics.js";
import { normsWithoutWeights } from "../unloaded-norms.js";

export const bnUntrained: Rule = {
  id: "bn-untrained",
  severity: "error",
  summary: "weights without averages for a BatchNorm, or with a factor of 0, so that they count as 0",

  *check(net) {
    const { views, weights, isTraining } = net;
    if (!weights) return;
    const { willTrain, stayEmpty } = missingIn(net);
    yield* missingProblem(net, stayEmpty, "error");
    yield* missingProblem(net, willTrain, "info");
    const byAverages = views.flatMap(batchNorms).filter(({ usesGlobalStats }) => usesGlobalStats);
    const layers = [...new Set(byAverages.map(({ layer }) => layer))];
    const isFilled = memoized((layer: LintLayer) => statisticsOf(weights, layer)?.filled === true);
    const found = layers.filter((layer) => statisticsOf(weights, layer)?.factor === 0);
    // While a net is trained, TRAIN fills empty averages; where it goes by them itself, that is for global-stats-in-train.
    const inTrain = new Set(byAverages.flatMap(({ view, layer }) => (view.phase === "TRAIN" ? layer : [])));
    yield* problemOf(
      found.filter((layer) => !isFilled(layer) && !isTraining && !inTrain.has(layer)),
      {
        reading: "so its averages count as 0",
        origin:
          "Its sums are 0 too: it has made no forward in TRAIN since it was made, or was copied from such weights.",
      },
    );
    const filled = found.filter(isFilled);
    yield* problemOf(filled, {
      reading: "though its mean and variance are not 0",
      origin:
        "A program that converted them has left the factor out; as mean and variance are written as they are, it is 1. With " +
        "--weights, `moka fix` sets it.",
      fix: { edits: [], weights: (net) => setFactors(net, filled) },
    });
  },
};

/** The layers that the weights do not have: those that training fills, as in finetuning, and those that stay empty. */
function missingIn(net: LintNet) {
  const training = net.views.filter(({ phase }) => phase === "TRAIN").flatMap(batchNorms);
  const filled = new Set(training.filter((norm) => !norm.usesGlobalStats).map(({ layer }) => layer.name));
  const willTrain = ({ name }: LintLayer) => net.kind === "trainval" && filled.has(name);
  const missing = normsWithoutWeights(net);
  return { willTrain: missing.filter(willTrain), stayEmpty: missing.filter((layer) => !willTrain(layer)) };
}

function* missingProblem(
  net: LintNet,
  [first, ...others]: readonly LintLayer[],
  severity: "error" | "info",
): Iterable<Problem> {
  if (!first || !net.weights) return;
  const { message } = net.weights;
  const gaps = net.views.map((view) => weightsGap(view.built, [message]));
  const meant = gaps.flatMap(({ left }) => left).find(({ layer }) => layer.name === first.name)?.meant;
  yield {
    at: first.at("name"),
    severity,
    message: `${first.label} gets no averages from the weights${hintAt(meant === undefined ? undefined : `"${meant}"`)}${andOthers(others)}`,
    why:
      `Weights are copied by the names of layers, and they have none of this name. Until it has run in TRAIN by the batch, its averages count ` +
      `as 0 and y is x/√eps, here ${formatNumber(1 / Math.sqrt(epsOf(first)), 4)}·x.` +
      (severity === "info" ? " It is right for a layer that is new, and that finetuning will fill." : ""),
  };
}

function* problemOf(
  [first, ...others]: readonly LintLayer[],
  { reading, origin, fix }: { readonly reading: string; readonly origin: string; readonly fix?: Fix },
): Iterable<Problem> {
  if (!first) return;
  yield {
    at: first.at(),
    message: `${first.label} has a factor of 0 in the weights, ${reading}${andOthers(others)}`,
    why:
      `With s = 0, M/s and V/s are taken as 0 and y is x/√eps, here ${formatNumber(1 / Math.sqrt(epsOf(first)), 4)}·x: ` +
      `nothing is normalized. ${origin}`,
    fix,
  };
}

/** Sets the factor of layers to 1 in new blobs: those of the weights are shared. */
function setFactors(net: NetParameter, layers: readonly LintLayer[]): void {
  const names = new Set(layers.map(({ name }) => name));
  for (const layer of net.layer) {
    const [mean, variance, factor] = layer.blobs;
    if (!names.delete(layer.name) || !mean || !variance || !factor) continue;
    layer.blobs = [mean, variance, makeBlob(blobShape(factor), { data: Float32Array.of(1) })];
  }
}
