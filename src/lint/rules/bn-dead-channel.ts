import { formatNumber } from "../../util/number-format.js";
import { counted } from "../../util/words.js";
import { batchNorms } from "../batch-norms.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Problem, Rule } from "../rule.js";
import { channelList, epsOf, statisticsOf } from "../statistics.js";
import type { Blobs } from "../weights.js";

/** A channel is constant if V/s is below eps times this: in training its output had a standard deviation below 0.01. */
const varianceLimit = 1e-4;
/** A channel is scaled to 0 if its γ is at most the largest of the layer times this. */
const gammaLimit = 1e-6;

export const bnDeadChannel: Rule = {
  id: "bn-dead-channel",
  severity: "info",
  summary: "weights in which channels of a BatchNorm hardly vary, or are scaled to nothing behind it",

  *check(net) {
    const { weights } = net;
    if (!weights) return;
    for (const layer of net.layers) {
      if (layer.type !== "BatchNorm") continue;
      const problems = [constantChannels(layer, weights), zeroScales(net, layer, weights)];
      for (const problem of problems) if (problem) yield problem;
    }
  },
};

function constantChannels(layer: LintLayer, weights: Blobs): Problem | undefined {
  const statistics = statisticsOf(weights, layer);
  if (!statistics || statistics.factor === 0) return undefined;
  const { variance } = statistics;
  const eps = epsOf(layer);
  const dead = variance.flatMap((v, channel) => (v >= 0 && v < varianceLimit * eps ? [channel] : []));
  if (dead.length === 0) return undefined;
  return {
    at: layer.at(),
    severity: dead.length * 2 > variance.length ? "warning" : undefined,
    message: `${layer.label} has ${counted(dead.length, "channel")} of ${variance.length} that never varied in training`,
    why:
      `V/s is below ${formatNumber(varianceLimit * eps)} in ${channelList(dead)}, next to nothing beside eps ${formatNumber(eps)}: what comes ` +
      "out is a constant, β. Its filters before may be all 0. Where TEST gives another value than training did, it is " +
      `multiplied by ${formatNumber(1 / Math.sqrt(eps), 3)}.`,
  };
}

function zeroScales({ views }: LintNet, layer: LintLayer, weights: Blobs): Problem | undefined {
  const scale = views.flatMap(batchNorms).find((norm) => norm.layer === layer && norm.scale)?.scale;
  const gamma = scale && weights.of(scale)[0]?.data;
  if (!scale || !gamma || gamma.length < 2) return undefined;
  const largest = gamma.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const dead = Array.from(gamma.keys()).filter((channel) => Math.abs(gamma[channel] ?? 0) <= gammaLimit * largest);
  if (dead.length === 0) return undefined;
  return {
    at: scale.at(),
    severity: dead.length * 2 > gamma.length ? "warning" : undefined,
    message: `${scale.label} scales ${counted(dead.length, "channel")} of ${gamma.length} to 0 behind BatchNorm "${layer.name}"`,
    why:
      `γ is 0 or less than a millionth of the layer's largest, ${formatNumber(largest, 3)}, in ${channelList(dead)}: only β comes out ` +
      "there, whatever goes in. These channels, and the filters that make them, cost time and could be cut out of the net.",
  };
}
