import type { Node } from "../../core/backward-plan.js";
import { checkParams } from "../../core/reshape-nodes.js";
import type { Tensor } from "../../core/tensor.js";
import type { Shape } from "../../util/shape.js";
import type { Dim } from "../model.js";
import type { Mapping } from "./mapping.js";

/** A size that a run may change: the batch of inputs, or the number of things that a layer finds. */
interface Changing {
  readonly name: string;
  /** Its size in the net as built. */
  readonly size: number;
  /** The places where it stands. */
  readonly at: readonly { readonly tensor: Tensor; readonly axis: number }[];
}

export interface SizeRequest {
  readonly nodes: readonly Node[];
  readonly mappingOf: (node: Node) => Mapping | undefined;
  /** The inputs whose first axis is the batch, if its size may change. */
  readonly batch: readonly Tensor[];
}

/**
 * The sizes of all blobs, with names for those that a run may change: `N` is the batch, `4N` four times it. They are found by asking
 * the layers for their shapes at two sizes of each.
 *
 * @throws MokaError if a layer does not take another batch size
 */
export function symbolicSizes({ nodes, mappingOf, batch }: SizeRequest): ReadonlyMap<Tensor, readonly Dim[]> {
  const changing: Changing[] = [];
  if (batch[0])
    changing.push({ name: "N", size: batch[0].shape[0] ?? 1, at: batch.map((tensor) => ({ tensor, axis: 0 })) });
  for (const node of nodes) {
    if (!node.layer.liveShapes) continue;
    const axes = mappingOf(node)?.liveAxes ?? [];
    const at = node.top.flatMap((tensor, i) => {
      const axis = axes[i];
      return axis === undefined ? [] : [{ tensor, axis }];
    });
    const [first] = at;
    if (first) changing.push({ name: `${node.layer.name}.count`, size: first.tensor.shape[first.axis] ?? 1, at });
  }
  const base = shapesWith(nodes, undefined);
  const others = changing.map((each) => ({ ...each, shapes: shapesWith(nodes, each) }));
  let unnamed = 0;
  return new Map(
    [...base].map(([tensor, shape]) => {
      const dims = shape.map((size, axis): Dim => {
        const by = others.filter(({ shapes }) => (shapes.get(tensor)?.[axis] ?? size) !== size);
        const [only] = by;
        if (!only) return size;
        const factor = size / only.size;
        const grown = (only.shapes.get(tensor)?.[axis] ?? size) - size;
        if (by.length > 1 || !Number.isInteger(factor) || grown !== factor) return `size_${++unnamed}`;
        return factor === 1 ? only.name : `${factor}${only.name}`;
      });
      return [tensor, dims];
    }),
  );
}

/** The shapes of all blobs, where one size is larger by 1 than in the net as built. */
function shapesWith(nodes: readonly Node[], changed: Changing | undefined): ReadonlyMap<Tensor, Shape> {
  const shapes = new Map<Tensor, Shape>();
  for (const { layer, bottom, top } of nodes) {
    let tops: readonly Shape[];
    if (layer.isInput) tops = top.map(({ shape }) => shape);
    else {
      try {
        const sizes = bottom.map((tensor) => shapes.get(tensor) ?? tensor.shape);
        checkParams(layer, sizes);
        tops = layer.topShapes(sizes);
      } catch (error) {
        throw layer.explain(error);
      }
    }
    for (const [i, tensor] of top.entries()) {
      const shape = [...(tops[i] ?? tensor.shape)];
      // As built, the layer may have found another number of things than topShapes assumes.
      if (layer.liveShapes) shape.splice(0, shape.length, ...tensor.shape);
      for (const { tensor: at, axis } of changed?.at ?? []) if (at === tensor) shape[axis] = (shape[axis] ?? 0) + 1;
      shapes.set(tensor, shape);
    }
  }
  return shapes;
}
