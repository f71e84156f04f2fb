import { create } from "@bufbuild/protobuf";
import { type LayerParameter, LayerParameterSchema } from "../proto/gen/caffe_pb.js";
import { copyMessage, setSource, sourceOf } from "../proto/source.js";
import { connect, type Graph, type Value } from "./graph.js";

/**
 * Inserts a Split layer after the maker of every value that several layers read. The Split has one top for each reader,
 * so that the value's gradient is the sum over its readers. A loss weight on the value counts as its first reader. Names
 * are Caffe's: `ip_ip_0_split` with tops `ip_ip_0_split_0`, ….
 *
 * @param all all layers of the file; the error names those that make the blob in another state
 * @throws MokaError `MOKA_BLOB` for a bottom that no layer above makes
 */
export function insertSplits(layers: readonly LayerParameter[], all?: readonly LayerParameter[]): LayerParameter[] {
  const graph = connect(layers, all);
  graph.check("unknown bottom");
  /** For each value, the number of tops of its Split that readers have taken so far. */
  const handed = new Map<Value, number>();
  return layers.flatMap((layer) => {
    const copy = copyMessage(LayerParameterSchema, layer);
    copy.bottom = graph.bottoms(layer).map((value) => {
      if (graph.splits(value) < 2) return value.name;
      const index = handed.get(value) ?? (graph.lossWeight(value) === 0 ? 0 : 1);
      handed.set(value, index + 1);
      return `${splitName(value)}_${index}`;
    });
    if (givesLossAway(graph, layer)) copy.lossWeight = [];
    const splits = graph.tops(layer).filter((value) => graph.splits(value) > 1);
    return [copy, ...splits.map((value) => splitLayer(graph, value))];
  });
}

/** Whether the Split behind a top of a layer takes its loss weight: the layer then has none, for any of its tops. */
export function givesLossAway<L>(graph: Graph<L>, layer: L): boolean {
  return graph.tops(layer).some((value) => graph.lossWeight(value) !== 0 && graph.splits(value) > 1);
}

function splitName({ name, maker }: Value): string {
  return `${name}_${maker?.layer.name}_${maker?.index}_split`;
}

function splitLayer(graph: Graph, value: Value): LayerParameter {
  const name = splitName(value);
  const top = Array.from({ length: graph.splits(value) }, (_, i) => `${name}_${i}`);
  const split = create(LayerParameterSchema, { name, type: "Split", bottom: [value.name], top });
  const weight = graph.lossWeight(value);
  if (weight !== 0) split.lossWeight = top.map((_, i) => (i === 0 ? weight : 0));
  setSource(split, value.maker && sourceOf(value.maker.layer));
  return split;
}
