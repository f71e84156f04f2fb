import { isFieldSet } from "@bufbuild/protobuf";
import { batchNormParam, writtenGlobalStats } from "../../layers/normalization/batch-norm-param.js";
import { scaleBehind } from "../../layers/normalization/scale-behind.js";
import { BatchNormParameterSchema } from "../../proto/gen/caffe_pb.js";
import { formatNumber } from "../../util/number-format.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import { differentScale, isNormPair } from "../phase-names.js";
import { type LostNorm, lostNorms, type PhasePair, type PlacedLayer, phasePairs } from "../phase-pairs.js";
import type { Problem, Rule } from "../rule.js";
import { statisticsOf } from "../statistics.js";

export const bnPhasesDiffer: Rule = {
  id: "bn-phases-differ",
  severity: "warning",
  summary:
    "a BatchNorm, or the Scale behind one, that is not in TEST what it is in TRAIN, or where its weights come from",

  *check(net) {
    const seen = new Set<string>();
    for (const pair of phasePairs(net).filter(isNormPair)) {
      const own = pair.test.layer ?? pair.train.layer;
      if (!own) continue;
      for (const check of pair.test.message.type === "Scale"
        ? [scaleField]
        : [eps, fraction, missingScale, sharedNames]) {
        const problem = check(pair, own, net);
        // A difference from TRAIN is often one from the weights too.
        const key = `${net.layers.indexOf(own)} ${check.name}`;
        if (!problem || seen.has(key)) continue;
        seen.add(key);
        yield { ...problem, elsewhere: pair.test.layer ? undefined : pair.test.file };
      }
    }
    for (const lost of lostNorms(net)) yield lostNorm(lost);
  },
};

type Found = Problem | undefined;

/** The values of both in the order of a message: that of the layer in the text, and that of the other. */
function ordered<T>({ test }: PhasePair, ofTrain: T, ofTest: T): readonly [T, T] {
  return test.layer ? [ofTest, ofTrain] : [ofTrain, ofTest];
}

function nameOfOther({ from, test }: PhasePair): string {
  return test.layer ? (from === "weights" ? "the net of the weights" : "TRAIN") : "TEST";
}

function eps(pair: PhasePair, own: LintLayer, net: LintNet): Found {
  const [a, b] = [pair.train, pair.test].map(({ message }) => batchNormParam(message).eps) as [number, number];
  if (a === b || writtenGlobalStats(pair.test.message) === false) return undefined;
  const known = net.weights && statisticsOf(net.weights, own)?.variance.filter((variance) => variance >= 0);
  const factorAt = (variance: number) => Math.sqrt((variance + a) / (variance + b));
  const factors = (known ?? [1]).map(factorAt);
  const most = factors.reduce((x, y) => (Math.abs(Math.log(y)) > Math.abs(Math.log(x)) ? y : x), 1);
  const [here, there] = ordered(pair, a, b);
  const body = pair.test.layer?.body;
  return {
    at: own.at("batch_norm_param", "eps"),
    severity: Math.abs(Math.log(most)) > 0.05 ? "error" : undefined,
    message: `${own.label} has eps ${formatNumber(here)}, and ${formatNumber(there)} in ${nameOfOther(pair)}`,
    why:
      `What is behind it is learned with eps ${formatNumber(a)}. In TEST it makes √((v + ${formatNumber(a)})/(v + ${formatNumber(b)})) times ` +
      `that: ${formatNumber(most, 4)} times ${known ? "in the channel of these weights that changes most" : `for a variance v of 1, and ${formatNumber(factorAt(0.001), 3)} times for one of 0.001`}.`,
    fix: body && { edits: net.edit.set(body, ["batch_norm_param", "eps"], formatNumber(a)) },
  };
}

function fraction(pair: PhasePair, own: LintLayer): Found {
  const [train, test] = [batchNormParam(pair.train.message), batchNormParam(pair.test.message)];
  const [a, b] = [train.movingAverageFraction, test.movingAverageFraction];
  const isWritten = isFieldSet(test, BatchNormParameterSchema.field.movingAverageFraction);
  if (pair.from === "weights" || a === b || !isWritten) return undefined;
  const moves = writtenGlobalStats(pair.test.message) === false;
  const [here, there] = ordered(pair, formatNumber(a), formatNumber(b));
  return {
    at: own.at("batch_norm_param", "moving_average_fraction"),
    severity: moves ? undefined : "info",
    message: `${own.label} has moving_average_fraction ${here}, and ${there} in ${nameOfOther(pair)}`,
    why: moves
      ? `With use_global_stats: false each forward in TEST moves the averages too, which both phases share, by its own fraction, ${formatNumber(b)}.`
      : `The averages move in TRAIN only. So ${formatNumber(a)} is what counts, and ${formatNumber(b)} is never read.`,
  };
}

/** The Scale behind the BatchNorm that weights come from, which this net does not have; bn-one-phase speaks of TRAIN's. */
function missingScale({ from, train, test }: PhasePair, own: LintLayer): Found {
  const scale = scaleBehind(train.graph, train.message);
  if (from !== "weights" || !scale || scale.blobs.length === 0 || scaleBehind(test.graph, test.message))
    return undefined;
  if (test.graph.layers.some(({ name }) => name === scale.name)) return undefined;
  return {
    at: own.at(),
    severity: "error",
    message: `${own.label} has no Scale behind it, and "${scale.name}" in the net of the weights`,
    why:
      `Nothing takes the γ and β of "${scale.name}", and what is behind it has learned from values that were scaled and shifted by them. ` +
      "Add the Scale, with its name.",
  };
}

/** A BatchNorm of the weights that this net leaves out, between layers that both have. */
function lostNorm({ norm, before, behind }: LostNorm): Problem {
  return {
    at: behind.at(),
    severity: "error",
    message: `${behind.label} reads "${before.name}" as it is, with BatchNorm "${norm.name}" between them in the net of the weights`,
    why:
      `Nothing takes the averages of "${norm.name}", and "${behind.name}" and what is behind it have learned from normalized values. Add it with its ` +
      "name. A net without it needs weights into which it is folded: `moka fold` makes both.",
  };
}

/** Layers that share parameters in TEST only: a caffemodel has the values of each. */
function sharedNames({ from, train, test }: PhasePair, own: LintLayer): Found {
  const [inTrain, inTest] = [partnerOf(train), partnerOf(test)];
  if (from === "weights" || !inTest || inTrain) return undefined;
  return {
    at: own.values("param")[0]?.field ?? own.at(),
    message: `${own.label} shares parameters with "${inTest}" in TEST, and not in TRAIN`,
    why:
      "In TRAIN each has averages of its own, and a caffemodel holds both. A net for TEST that loads it keeps one set for both layers, that of " +
      "the later one.",
  };
}

/** Another layer of the net that has a parameter of the same name. */
function partnerOf({ graph, message }: PlacedLayer): string | undefined {
  const names = new Set(message.param.flatMap(({ name }) => name || []));
  if (names.size === 0) return undefined;
  return graph.layers.find((each) => each !== message && each.param.some(({ name }) => names.has(name)))?.name;
}

function scaleField(pair: PhasePair, own: LintLayer): Found {
  const field = differentScale(pair);
  if (pair.from === "weights" || !field || pair.train.message.name !== pair.test.message.name) return undefined;
  const [what, words] =
    field === "bias_term" ? ["number", "Incompatible number of blobs"] : ["shape", "Cannot share param 0 weights"];
  return {
    at: own.at("scale_param", field),
    severity: "error",
    message: `${own.label} has another ${field} than in ${nameOfOther(pair)}`,
    why:
      `The test net takes the parameters of "${own.name}" from the training net, and they differ in ${what}. Caffe aborts at the first ` +
      `test with "${words}", and Moka does not start.`,
  };
}
