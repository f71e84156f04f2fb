import type { Graph } from "../core/graph.js";
import { scaleBehind } from "../layers/normalization/scale-behind.js";
import type { LayerParameter } from "../proto/gen/caffe_pb.js";
import { quote } from "../proto/text/strings.js";
import { memoized } from "../util/memoized.js";
import { factorOf } from "./freeze.js";
import type { LintLayer } from "./layer.js";
import type { Location } from "./location.js";
import type { LintNet } from "./net.js";
import { type PhasePair, type PlacedLayer, phasePairs } from "./phase-pairs.js";
import type { Fix } from "./rule.js";

/**
 * The layers with parameters that TEST has by another name than TRAIN, or than the weights, each once: Caffe gives
 * parameters to a test net, and from a file, by the names of layers alone.
 */
export const nameDifferences: (net: LintNet) => readonly PhasePair[] = memoized((net) => {
  const pairs = phasePairs(net);
  const graphs = new Set(pairs.flatMap(({ from, train }) => (from === "TRAIN" ? train.graph : [])));
  const trained = new Set([...graphs].flatMap(({ layers }) => layers.map(({ name }) => name)));
  const seen = new Set<LintLayer>();
  return pairs.filter(({ from, train, test }) => {
    if (train.message.name === test.message.name || isGiven(net, test)) return false;
    if (from === "TRAIN" ? trained.has(test.message.name) : train.message.blobs.length === 0) return false;
    const at = test.layer ?? train.layer;
    if (!at || !hasParams(at) || seen.has(at)) return false;
    seen.add(at);
    return true;
  });
});

/** Whether a pair is of BatchNorm layers, or of the Scales behind them. */
export function isNormPair({ train, test }: PhasePair): boolean {
  const isScale = ({ graph, message }: PlacedLayer) => scalesOfNorms(graph).has(message);
  return test.message.type === "BatchNorm" || isScale(train) || isScale(test);
}

const scalesOfNorms = memoized((graph: Graph): ReadonlySet<LayerParameter> => {
  const norms = graph.layers.filter(({ type }) => type === "BatchNorm");
  return new Set(norms.flatMap((norm) => scaleBehind(graph, norm) ?? []));
});

/** Whether all parameters of both have the same names, by `param { name }`. */
export function sharesParams({ train, test }: PhasePair): boolean {
  const [a, b] = [train, test].map(({ message }) => message.param.map(({ name }) => name)) as [string[], string[]];
  const count = (test.layer ?? train.layer)?.facts?.paramCount ?? a.length;
  return count > 0 && a.length >= count && a.every((name, index) => name !== "" && name === b[index]);
}

/** The place and the message of a difference: at the layer of TEST, since TRAIN's name is the right one; if that is elsewhere, at TRAIN's. */
export function whereNamesDiffer({ from, train, test }: PhasePair): {
  readonly at: Location;
  readonly message: string;
  readonly elsewhere?: string | undefined;
} {
  const where = from === "TRAIN" ? "in TRAIN" : "in the weights";
  if (test.layer) {
    const message = `${test.layer.label} has another name than ${where}, where "${train.message.name}" is in its place`;
    return { at: test.layer.at("name"), message };
  }
  const layer = train.layer as LintLayer;
  const message = `${layer.label} has another name in the test net, where "${test.message.name}" is in its place`;
  return { at: layer.at("name"), message, elsewhere: test.file };
}

/** Gives the layer of TEST, and all that have its name, the name that it is trained by; undefined if that is not safe. */
export function oneName(net: LintNet, pair: PhasePair): Fix | undefined {
  const { train, test } = pair;
  const { name } = train.message;
  const isTaken = test.graph.layers.some((each) => each.name === name);
  if (!test.layer || isTaken || differentScale(pair)) return undefined;
  const named = net.layers.filter((each) => each.name === test.message.name);
  const values = named.map((each) => each.values("name").at(-1)?.value);
  if (values.some((value) => value === undefined)) return undefined;
  return { edits: values.flatMap((value) => (value ? net.edit.replace(value, quote(name, true)) : [])) };
}

/** The field by which the parameters of two Scale layers differ in number or shape. */
export function differentScale({ train, test }: PhasePair): "bias_term" | "axis" | "num_axes" | undefined {
  const [a, b] = [train, test].map(({ message }) => message.scaleParam);
  if ((a?.biasTerm ?? false) !== (b?.biasTerm ?? false)) return "bias_term";
  if ((a?.axis ?? 1) !== (b?.axis ?? 1)) return "axis";
  return (a?.numAxes ?? 1) !== (b?.numAxes ?? 1) ? "num_axes" : undefined;
}

/** Whether the weights have the parameters of a layer. */
function isGiven({ weights }: LintNet, { message }: PlacedLayer): boolean {
  if (message.blobs.length > 0) return true;
  if (!weights) return false;
  return message.type === "BatchNorm" ? Boolean(factorOf(weights, message)) : weights.of(message).length > 0;
}

function hasParams({ facts }: LintLayer): boolean {
  return facts !== undefined && facts.paramCount !== 0;
}
