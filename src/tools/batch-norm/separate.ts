import { connect, type Value } from "../../core/graph.js";
import { type LayerParameter, LayerParameterSchema } from "../../proto/gen/caffe_pb.js";
import { copyMessage } from "../../proto/source.js";

/**
 * The layers of one state of a net, in which each BatchNorm that works in place has a top of its own, so that its bottom can be
 * read after it has run. The layers compute what they computed; each such BatchNorm takes the memory of one more blob. The new tops are
 * called as the blob with the BatchNorm's name behind it: `conv1/bn1`.
 */
export function separateNorms(layers: readonly LayerParameter[]): LayerParameter[] {
  const graph = connect(layers);
  const taken = new Set(graph.values.map(({ name }) => name));
  const names = new Map<Value, string>();
  const nameOf = (value: Value): string => {
    const known = names.get(value);
    if (known !== undefined) return known;
    const { maker, previous, inPlace } = value;
    let name = inPlace && previous ? nameOf(previous) : value.name;
    if (inPlace && maker?.layer.type === "BatchNorm") {
      name = `${name}/${maker.layer.name}`;
      while (taken.has(name)) name += "'";
      taken.add(name);
    }
    names.set(value, name);
    return name;
  };
  return layers.map((layer) => {
    const [bottom, top] = [graph.bottoms(layer).map(nameOf), graph.tops(layer).map(nameOf)];
    const isSame = [...bottom, ...top].every((name, i) => name === [...layer.bottom, ...layer.top][i]);
    if (isSame) return layer;
    const copy = copyMessage(LayerParameterSchema, layer);
    copy.bottom = bottom;
    copy.top = top;
    return copy;
  });
}
