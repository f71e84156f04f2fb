import { blobShape, makeBlob } from "../../proto/binary/blob.js";
import type { NetParameter } from "../../proto/gen/caffe_pb.js";
import { memoized } from "../../util/memoized.js";
import { formatNumber } from "../../util/number-format.js";
import { andOthers, batchNorms } from "../batch-norms.js";
import type { LintLayer } from "../layer.js";
import type { Fix, Problem, Rule } from "../rule.js";
import { epsOf, statisticsOf } from "../statistics.js";

export const bnUntrained: Rule = {
  id: "bn-untrained",
  severity: "error",
  summary: "weights in which the factor of a BatchNorm is 0, so that its averages count as 0",

  *check({ views, weights, isTraining }) {
    if (!weights) return;
    const byAverages = views.flatMap(batchNorms).filter(({ usesGlobalStats }) => usesGlobalStats);
    const layers = [...new Set(byAverages.map(({ layer }) => layer))];
    const isFilled = memoized((layer: LintLayer) => statisticsOf(weights, layer)?.filled === true);
    const found = layers.filter((layer) => statisticsOf(weights, layer)?.factor === 0);
    // While a net is trained, TRAIN fills empty averages; where it goes by them itself, that is for global-stats-in-train.
    yield* problemOf(
      found.filter((layer) => !isFilled(layer) && !isTraining),
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
