import { connect } from "../../core/graph.js";
import { isDataLayer } from "../../core/layer-roles.js";
import { type LayerParameter, LayerParameterSchema } from "../../proto/gen/caffe_pb.js";
import { copyMessage } from "../../proto/source.js";

/** A value that has another name than its blob, because a layer works in place on it or made it so. */
export interface NamedVersion {
  readonly blob: string;
  readonly name: string;
  /** The layer that makes it. */
  readonly layer: string;
}

/**
 * The same layers with a name of its own for each version of a blob, as ONNX wants it: layers in place get a top of another name.
 * The last version keeps the blob's name, which is what a caller reads of Caffe after a run; the others are called
 * `blob@layer`. Where the first version is an input, it keeps the name instead.
 *
 * @param layers the layers of one state of a net
 */
export function nameVersions(layers: readonly LayerParameter[]): {
  readonly layers: LayerParameter[];
  readonly named: readonly NamedVersion[];
} {
  const graph = connect(layers);
  const taken = new Set(graph.values.map(({ name }) => name));
  const named: NamedVersion[] = [];
  const names = new Map(
    graph.values.map((value) => {
      let first = value;
      while (first.previous) first = first.previous;
      const isInput = !first.maker || isDataLayer(first.maker.layer);
      const keeps = isInput ? value === first : !value.next;
      if (keeps || !value.maker) return [value, value.name];
      const layer = value.maker.layer.name;
      let name = `${value.name}@${layer}`;
      for (let i = 2; taken.has(name); i++) name = `${value.name}@${layer}_${i}`;
      taken.add(name);
      named.push({ blob: value.name, name, layer });
      return [value, name];
    }),
  );
  const copies = layers.map((layer) => {
    const copy = copyMessage(LayerParameterSchema, layer);
    copy.include = [];
    copy.exclude = [];
    copy.bottom = graph.bottoms(layer).map((value) => names.get(value) ?? value.name);
    copy.top = graph.tops(layer).map((value) => names.get(value) ?? value.name);
    return copy;
  });
  return { layers: copies, named };
}
