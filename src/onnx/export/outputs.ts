import type { Node } from "../../core/backward-plan.js";
import type { Tensor } from "../../core/tensor.js";
import type { Dim } from "../model.js";
import { type GraphWriter, readBy, type Value } from "./graph-writer.js";

/** A value with its sizes. */
export interface Made {
  readonly value: Value;
  readonly dims: readonly Dim[];
}

/** An output that the Caffe net has not. */
export interface ExtraOutput extends Made {
  /** The name that its layer wishes. */
  readonly name: string;
  readonly layer: string;
}

/**
 * Gives extra outputs their names: the wished one where no other output wishes it and no value has it, else `<layer>_<name>`.
 *
 * @param isBlob whether a value has a blob's name, which it keeps
 */
export function nameExtras(
  graph: GraphWriter,
  extras: readonly ExtraOutput[],
  isBlob: (value: Value) => boolean,
): readonly (readonly [name: string, dims: readonly Dim[]])[] {
  return extras.map(({ name, layer, value, dims }) => {
    const isOnly = extras.filter((other) => other.name === name).length === 1 && !graph.isTaken(name);
    const own = graph.name(isOnly ? name : `${layer}_${name}`);
    if (isBlob(value)) graph.add("Identity", [value], {}, `${own}/Identity`, [own]);
    else graph.rename(value, own, 0);
    return [own, dims] as const;
  });
}

/**
 * What layers that are left out have read, and nothing that is written reads, as the features that a loss compares: a user of the net wants
 * it. Not their labels.
 */
export function unreadBottoms(
  graph: GraphWriter,
  leftOut: readonly Node[],
  values: ReadonlyMap<Tensor, Made>,
): readonly Made[] {
  const read = new Set(graph.nodes.flatMap(readBy));
  return leftOut.flatMap(({ layer, bottom }) =>
    bottom.flatMap((tensor, i) => {
      const made = values.get(tensor);
      return made && !layer.takesIndices(i) && !read.has(made.value) ? [made] : [];
    }),
  );
}
