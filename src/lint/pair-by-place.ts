import { clearField, clone, isFieldSet } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import type { End, Graph, Value } from "../core/graph.js";
import { isDataLayer } from "../core/layer-roles.js";
import { FillerParameterSchema, type LayerParameter, LayerParameterSchema } from "../proto/gen/caffe_pb.js";
import { formatText } from "../proto/text/index.js";
import { grouped } from "../util/grouped.js";
import { memoized } from "../util/memoized.js";

/**
 * The layers of a net and those that stand in their place in another: of the same name and type; or, without a namesake, of
 * one type and with equal fields, reading what corresponds, and followed by what corresponds. Names of blobs do not
 * count, except those of inputs. A place that several layers claim is left open. Takes linear time.
 *
 * @returns the layer of `b` by that of `a`
 */
export function pairByPlace(a: Graph, b: Graph): ReadonlyMap<LayerParameter, LayerParameter> {
  const pairs = namesakes(a, b);
  const paired = new Set(pairs.values());
  const inputs = new Map(b.values.filter(isInput).map((value) => [value.name, value]));
  const placed: LayerParameter[] = [];
  const counterpart = ({ name, maker }: Value): Value | undefined => {
    if (!maker || isDataLayer(maker.layer)) return inputs.get(name);
    const other = pairs.get(maker.layer);
    return other && b.tops(other)[maker.index];
  };
  for (const layer of a.layers) {
    const [bottom] = a.bottoms(layer);
    if (!bottom || pairs.has(layer) || isPassedBy(layer)) continue;
    // A normalization that one of the nets lacks does not part what is around it.
    const passesIn = (known: { has(layer: LayerParameter): boolean }) => (each: LayerParameter) => {
      return isPassedBy(each) || (rankOf(each) < rankOf(layer) && !known.has(each));
    };
    const value = origin(a, bottom, passesIn(pairs));
    const same = counterpart(value);
    if (!same) continue;
    const isRival = (end: End) => end.index === 0 && isAlike(end.layer, layer);
    const rivals = readers(a, value, passesIn(pairs)).filter((end) => isRival(end) && !pairs.has(end.layer));
    const candidates = readers(b, same, passesIn(paired)).filter((end) => isRival(end) && !paired.has(end.layer));
    const other = chosen(layer, rivals, candidates);
    if (!other || other.bottom.length !== layer.bottom.length) continue;
    pairs.set(layer, other);
    paired.add(other);
    placed.push(layer);
  }
  // A branch that leads elsewhere is another branch, though it begins in the same place.
  for (const layer of placed.toReversed()) {
    const other = pairs.get(layer) as LayerParameter;
    if (goesOnAlike(layer, other)) continue;
    pairs.delete(layer);
    paired.delete(other);
  }
  return pairs;

  function chosen(
    layer: LayerParameter,
    rivals: readonly End[],
    candidates: readonly End[],
  ): LayerParameter | undefined {
    if (rivals.length === 1 && candidates.length === 1) return candidates[0]?.layer;
    const fitting = candidates.filter((each) => meet(layer, each.layer));
    const also = rivals.filter((rival) => fitting.some((each) => meet(rival.layer, each.layer)));
    return fitting.length === 1 && also.length === 1 ? fitting[0]?.layer : undefined;
  }

  /** Whether `one` and `other` lead to one bottom of a pair, perhaps past layers that only one of the nets has. */
  function meet(one: LayerParameter, other: LayerParameter): boolean {
    const ends = firstBehind(b, other, (layer) => paired.has(layer));
    return firstBehind(a, one, (layer) => pairs.has(layer)).some(({ layer, index }) => {
      return ends.some((end) => end.layer === pairs.get(layer) && end.index === index);
    });
  }

  function goesOnAlike(one: LayerParameter, other: LayerParameter): boolean {
    return meet(one, other) || (isLast(a, one) && isLast(b, other));
  }
}

function namesakes(a: Graph, b: Graph): Map<LayerParameter, LayerParameter> {
  const named = new Map(b.layers.toReversed().map((layer) => [layer.name, layer]));
  const pairs = new Map<LayerParameter, LayerParameter>();
  for (const layer of [...grouped(a.layers, ({ name }) => name).values()].flatMap(([first]) => first ?? [])) {
    const other = named.get(layer.name);
    if (other?.type === layer.type && !isDataLayer(layer)) pairs.set(layer, other);
  }
  return pairs;
}

function isInput({ maker }: Value): boolean {
  return !maker || isDataLayer(maker.layer);
}

/** Layers that TEST may have or not without another place for those around them. */
function isPassedBy({ type }: LayerParameter): boolean {
  return type === "Split" || type === "Dropout";
}

/** The place of a layer in BatchNorm, Scale, anything else: a later one may stand behind those before it. */
function rankOf({ type, bottom }: LayerParameter): number {
  return type === "BatchNorm" ? 0 : type === "Scale" && bottom.length === 1 ? 1 : 2;
}

type Passes = (layer: LayerParameter) => boolean;

/** The value that one stands for, before the layers that are passed by. */
function origin(graph: Graph, value: Value, passes: Passes): Value {
  let at = value;
  while (at.maker && passes(at.maker.layer)) {
    const [before] = graph.bottoms(at.maker.layer);
    if (!before) break;
    at = before;
  }
  return at;
}

/** The bottoms that read a value, also behind layers that are passed by. */
function readers(graph: Graph, value: Value, passes: Passes): readonly End[] {
  const found: End[] = [];
  const open = [value];
  for (let at = open.pop(); at; at = open.pop()) {
    for (const end of at.readers) {
      if (passes(end.layer)) open.push(...graph.tops(end.layer));
      else found.push(end);
    }
  }
  return found;
}

function endsBehind(graph: Graph, layer: LayerParameter): readonly End[] {
  return graph.tops(layer).flatMap((top) => readers(graph, top, isPassedBy));
}

/** The most layers in a row that only one of two nets has, between layers that both have. */
const mostBetween = 8;

/** The bottoms of the first layers on each way behind a layer for which `isWanted` holds. */
function firstBehind(
  graph: Graph,
  layer: LayerParameter,
  isWanted: (layer: LayerParameter) => boolean,
): readonly End[] {
  const found: End[] = [];
  let open = new Set([layer]);
  for (let step = 0; step <= mostBetween && open.size > 0; step++) {
    const next = [...open].flatMap((each) => endsBehind(graph, each));
    found.push(...next.filter((end) => isWanted(end.layer)));
    open = new Set(next.flatMap((end) => (isWanted(end.layer) ? [] : end.layer)));
  }
  return found;
}

/** Whether only the ends of a net are behind a layer: a loss, an accuracy, a softmax. */
function isLast(graph: Graph, layer: LayerParameter): boolean {
  return endsBehind(graph, layer).every((end) => endsBehind(graph, end.layer).length === 0);
}

/** Whether two layers can be one: a BatchNorm or Scale may have other fields, which is then the finding. */
function isAlike(a: LayerParameter, b: LayerParameter): boolean {
  if (a.type !== b.type || rankOf(a) !== rankOf(b)) return false;
  return rankOf(a) < 2 || signature(a) === signature(b);
}

/** The fields of a layer that say what it computes and the shapes of its parameters, without fillers. */
const signature = memoized((layer: LayerParameter): string => {
  const parts = LayerParameterSchema.fields.map((field) => {
    if (!field.message || field.fieldKind !== "message" || !isFieldSet(layer, field)) return "";
    const own = clone(field.message, reflect(LayerParameterSchema, layer).get(field).message);
    for (const inner of field.message.fields) {
      if (inner.message?.typeName === FillerParameterSchema.typeName) clearField(own, inner);
    }
    return `${field.name} ${formatText(field.message, own)}`;
  });
  return parts.join("");
});
