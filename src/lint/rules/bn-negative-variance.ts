import { formatNumber } from "../../util/number-format.js";
import { counted } from "../../util/words.js";
import { batchNorms } from "../batch-norms.js";
import type { LintLayer } from "../layer.js";
import type { Problem, Rule } from "../rule.js";
import { channelList, epsOf, type Statistics, statisticsOf } from "../statistics.js";

export const bnNegativeVariance: Rule = {
  id: "bn-negative-variance",
  severity: "error",
  summary: "weights in which a BatchNorm has a variance below 0, or one that is no number",

  *check({ layers, views, weights }) {
    if (!weights) return;
    const inTrain = views.filter(({ phase }) => phase === "TRAIN").flatMap(batchNorms);
    const byAverages = new Set(inTrain.filter(({ usesGlobalStats }) => usesGlobalStats).map(({ layer }) => layer));
    for (const layer of layers) {
      const statistics = layer.type === "BatchNorm" ? statisticsOf(weights, layer) : undefined;
      const problem = statistics && problemOf(layer, statistics);
      // Training goes by the averages only with use_global_stats; else it makes them, and they are the result.
      if (problem)
        yield { ...problem, divergesFrom: byAverages.has(layer) && problem.severity !== "warning" ? 0 : undefined };
    }
  },
};

function problemOf(layer: LintLayer, { variance, mean, factor }: Statistics): Problem | undefined {
  const eps = epsOf(layer);
  const isBad = !Number.isFinite(factor);
  const broken = indices(
    variance,
    (v, channel) => isBad || !Number.isFinite(v) || !Number.isFinite(mean[channel] ?? 0),
  );
  const negative = indices(variance, (v) => v < 0 && Number.isFinite(v));
  const nan = negative.filter((channel) => (variance[channel] ?? 0) + eps <= 0);
  const found = broken.length > 0 ? broken : negative;
  if (found.length === 0) return undefined;
  const first = variance[found[0] ?? 0] ?? 0;
  const of = `${counted(found.length, "channel")} of ${variance.length}`;
  if (broken.length > 0) {
    return {
      at: layer.at(),
      message: `${layer.label} has a mean or variance that is no number in ${of}`,
      why:
        Math.abs(factor) === Number.POSITIVE_INFINITY
          ? `The factor is ${formatNumber(factor)}: both count as 0, and nothing is normalized. The file is damaged.`
          : `${Number.isNaN(factor) ? "The factor is NaN. " : ""}In TEST ${channelList(found)} ` +
            `${found.length === 1 ? "comes" : "come"} out as ${results(found, { mean, variance, factor }).join(" or ")}, whatever goes in. ` +
            "Training has diverged, or the file is damaged.",
    };
  }
  const result =
    nan.length > 0
      ? `In TEST the layer divides by √(V/s + eps), which is no number with eps ${formatNumber(eps)} in ${channelList(nan)}: what ` +
        "comes out there is NaN."
      : `eps ${formatNumber(eps)} is larger, so it still computes numbers, but they are not normalized by a variance.`;
  return {
    at: layer.at(),
    severity: nan.length > 0 ? "error" : "warning",
    message: `${layer.label} has a variance below 0 in ${of}: V/s is ${formatNumber(first, 3)} in channel ${found[0]}`,
    why:
      `${result} No training makes that: ` +
      (factor < 0
        ? `the factor is ${formatNumber(factor)}.`
        : "the weights were converted wrongly, damaged, or changed by hand."),
  };
}

/** The values of channels whose mean or variance is no number: (x − mean)/√(variance + eps) of a finite x. */
function results(channels: readonly number[], { mean, variance, factor }: Omit<Statistics, "filled">): string[] {
  const values = channels.map((channel) => {
    const [m = 0, v = 0] = [mean[channel], variance[channel]];
    const value = Number.isNaN(factor) ? Number.NaN : -m / Math.sqrt(v);
    return Number.isNaN(value) ? "NaN" : value === 0 ? "0" : "infinity";
  });
  return [...new Set(values)];
}

function indices(values: readonly number[], test: (value: number, index: number) => boolean): number[] {
  return values.flatMap((value, index) => (test(value, index) ? [index] : []));
}
