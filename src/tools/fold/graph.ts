import { unknownBottom } from "../../core/insert-splits.js";
import type { LayerParameter } from "../../proto/gen/caffe_pb.js";
import { sourceOf } from "../../proto/source.js";
import { MokaError } from "../../util/errors.js";

/** What one layer makes and others read. A layer in place makes a new value of the same name. */
export interface Value {
  readonly name: string;
  readonly maker: Node;
  readonly readers: Node[];
}

/** A layer among its values. */
export interface Node {
  readonly layer: LayerParameter;
  readonly bottom: Value[];
  readonly top: Value[];
}

/**
 * Connects layers in their order, as the net does: a bottom is what the last layer above has left under that name.
 *
 * @throws MokaError `MOKA_BLOB` for a bottom nobody makes, a top made twice, and a layer in place on a blob that
 * others read too, which Caffe's Splits make a top made twice
 */
export function connect(layers: readonly LayerParameter[]): Node[] {
  const latest = new Map<string, Value>();
  const nodes = layers.map((layer) => {
    const node: Node = { layer, bottom: [], top: [] };
    layer.bottom.forEach((name, index) => {
      const value = latest.get(name);
      if (!value) throw unknownBottom(layer, name, index, [...latest.keys()]);
      value.readers.push(node);
      node.bottom.push(value);
    });
    layer.top.forEach((name, index) => {
      const before = latest.get(name);
      if (before && node.bottom[index] !== before) throw madeTwice(layer, name, before);
      const value: Value = { name, maker: node, readers: [] };
      latest.set(name, value);
      node.top.push(value);
    });
    return node;
  });
  for (const { layer, bottom, top } of nodes) {
    const shared = bottom.find((value, index) => top[index]?.name === value.name && value.readers.length > 1);
    if (shared) throw madeTwice(layer, shared.name, shared);
  }
  return nodes;
}

function madeTwice(layer: LayerParameter, name: string, { maker, readers }: Value): MokaError {
  const others = readers.filter((reader) => reader.layer !== layer).map((reader) => `"${reader.layer.name}"`);
  const why =
    others.length > 0
      ? `; it works in place on what ${others.join(", ")} ${others.length === 1 ? "reads" : "read"} too`
      : "";
  return new MokaError("MOKA_BLOB", `top "${name}" is already produced by layer "${maker.layer.name}"${why}`, {
    place: sourceOf(layer)?.place,
    layer,
  });
}
