import { fanOf } from "../../fillers/fan.js";
import { type FillerParameter, EltwiseParameter_EltwiseOp as Operation } from "../../proto/gen/caffe_pb.js";
import { formatNumber } from "../../util/number-format.js";
import type { Shape } from "../../util/shape.js";
import { type BatchNorm, batchNorms } from "../batch-norms.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Fix, Problem, Rule } from "../rule.js";
import type { View } from "../view.js";

export const scaleFiller: Rule = {
  id: "scale-filler",
  severity: "warning",
  summary: "a Scale behind a BatchNorm whose γ starts at 0, or at random values around 0, instead of 1",

  *check(net) {
    for (const norm of net.views.filter(({ phase }) => phase === "TRAIN").flatMap(batchNorms)) {
      const { scale } = norm;
      const filler = scale?.message.scaleParam?.filler;
      if (!scale || !filler || (net.weights?.of(scale).length ?? 0) > 0) continue;
      const found = isZero(filler) ? startsAtZero(net, norm, scale) : startsAtRandom(net, norm, scale, filler);
      if (found) yield { at: scale.at("scale_param", "filler"), ...found };
    }
  },
};

type Found = Omit<Problem, "at"> | undefined;

function isZero({ type, value }: FillerParameter): boolean {
  return type === "constant" && value === 0;
}

function startsAtZero(net: LintNet, { view }: BatchNorm, scale: LintLayer): Found {
  const fate = fateOf(view, scale);
  if (fate === "added") return undefined;
  const { filler, biasFiller, biasTerm } = scale.message.scaleParam ?? {};
  const isOpen = biasTerm && biasFiller && !(biasFiller.type === "constant" && biasFiller.value <= 0);
  const isDead = fate === "cut" && !isOpen && learnsGamma(scale);
  const written = filler && scale.fields("scale_param", "filler", "value").length === 0;
  const cause = written ? "The value of a filler is 0 unless it is given. " : "";
  return {
    severity: isDead ? "error" : "warning",
    message: `${scale.label} starts with a γ of 0${isDead ? ", and a ReLU behind it keeps it there" : ""}`,
    why: isDead
      ? `${cause}At γ = 0 and β = 0 all that a ReLU gets is 0, where its gradient is 0 too: neither γ nor β nor any layer before ever learns. ` +
        "A γ of 0 is of use only at the end of a branch that is added to another."
      : `${cause}At γ = 0 the top is β alone, whatever comes in, and no gradient gets back to the layers before until γ has learned something; ` +
        "two such Scales one behind the other, with β at 0, never learn γ. A γ of 0 is of use only at the end of a branch that is added to another.",
    fix: startsAtOne(net, scale),
  };
}

function learnsGamma({ message }: LintLayer): boolean {
  return message.param[0]?.lrMult !== 0;
}

/**
 * The layer that a Scale's zeros come to, past layers that pass values on: `added`: another branch adds to them, or a layer that is
 * not known reads them. `cut`: only ReLUs do, whose gradient at 0 is 0. `read`: others.
 */
function fateOf(view: View, from: LintLayer): "added" | "cut" | "read" {
  const fates = new Set<"added" | "cut" | "read">();
  const seen = new Set<LintLayer>();
  const open = [from];
  for (let next = open.pop(); next; next = open.pop()) {
    for (const { layer } of next.message.top.flatMap((_, top) => view.readers(next as LintLayer, top))) {
      if (seen.has(layer)) continue;
      seen.add(layer);
      const { type, message, facts } = layer;
      const isProduct = message.eltwiseParam?.operation === Operation.PROD;
      if (!facts || (type === "Eltwise" && !isProduct)) fates.add("added");
      else if (type === "ReLU" && !message.reluParam?.negativeSlope) fates.add("cut");
      else if (facts.passesOn !== "none" || facts.isAffine) open.push(layer);
      else fates.add("read");
    }
  }
  if (fates.has("added")) return "added";
  return fates.has("cut") && !fates.has("read") ? "cut" : "read";
}

function startsAtRandom(net: LintNet, { view, layer }: BatchNorm, scale: LintLayer, filler: FillerParameter): Found {
  const drawn = distributionOf(filler, view.paramShapes(scale)?.[0] ?? [1]);
  if (!drawn || Math.abs(drawn.mean) >= drawn.deviation) return undefined;
  const { mean, deviation } = drawn;
  const isWeak = Math.hypot(mean, deviation) < 0.5;
  return {
    severity: isWeak ? "warning" : "info",
    message: `${scale.label} starts with random γ: ${filler.type} with mean ${formatNumber(mean, 3)} and standard deviation ${formatNumber(deviation, 3)}`,
    why:
      `γ is not one weight among many, but the scale of a whole channel, which BatchNorm "${layer.name}" has just made 1. ` +
      (isWeak
        ? `Channels start at about 1/${formatNumber(1 / Math.hypot(mean, deviation), 3)} of their strength, and the gradient of the layers before with them. `
        : "Some channels start near 0 and learn late, others stronger than the rest. ") +
      "About half of the γ are negative. Without filler all start at 1.",
    fix: startsAtOne(net, scale),
  };
}

/** Mean and standard deviation of what a filler draws for a γ of this shape; undefined if it draws nothing. */
function distributionOf(filler: FillerParameter, shape: Shape) {
  const { type, mean, std, min, max } = filler;
  switch (type) {
    case "gaussian":
      return { mean, deviation: std };
    case "uniform":
      return { mean: (min + max) / 2, deviation: (max - min) / Math.sqrt(12) };
    case "xavier":
      return { mean: 0, deviation: Math.sqrt(1 / fanOf(filler, shape)) };
    case "msra":
      return { mean: 0, deviation: Math.sqrt(2 / fanOf(filler, shape)) };
    default:
      return undefined;
  }
}

/** Removes the filler: the default is then a constant 1. */
function startsAtOne({ edit }: LintNet, scale: LintLayer): Fix | undefined {
  const fields = scale.fields("scale_param", "filler");
  return fields.length > 0
    ? { edits: fields.flatMap((field) => edit.remove(field, ...scale.owners(field))) }
    : undefined;
}
