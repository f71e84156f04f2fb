import type { Shape } from "../util/shape.js";
import type { Dim } from "./model.js";

/** A size in a run where the named sizes have these values; undefined if one that it needs is not known. */
export function sizeIn(dim: Dim, known: ReadonlyMap<string, number>): number | undefined {
  if (typeof dim === "number") return dim;
  const own = known.get(dim);
  if (own !== undefined) return own;
  const [, factor, name = ""] = /^(\d+)(.+)$/.exec(dim) ?? [];
  const size = known.get(name);
  return factor === undefined || size === undefined ? undefined : Number(factor) * size;
}

/**
 * Whether a shape fits declared sizes. A name of which nothing is known stands for the size that it meets first, and is added to
 * `known`.
 */
export function fitSizes(dims: readonly Dim[], shape: Shape, known: Map<string, number>): boolean {
  if (dims.length !== shape.length) return false;
  return dims.every((dim, axis) => {
    const size = shape[axis] ?? 0;
    if (typeof dim === "string" && sizeIn(dim, known) === undefined) known.set(dim, size);
    return sizeIn(dim, known) === size;
  });
}
