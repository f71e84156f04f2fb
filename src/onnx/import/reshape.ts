import { countOf, sameShape } from "../../util/shape.js";
import { flattenAxis, reshaped, squeezed, unsqueezed } from "./fold/arrange.js";
import type { Imported, Scope } from "./scope.js";
import { shuffled } from "./shuffle.js";

/**
 * Reshape to a constant shape → Flatten or Reshape: exact. A Reshape, Transpose and Reshape that shuffle channels or spread them over blocks become one
 * layer, see `shuffle.ts`.
 */
export function reshape(node: Scope): Imported {
  const x = node.blob(0);
  const wanted = node.integers(1, "shape") ?? node.node.ints("shape") ?? [];
  const shape = reshaped(node.node, x.shape, wanted);
  if (shuffled(node, x, shape)) return [];
  return node.reshape(x, shape);
}

/** Flatten to a matrix → Flatten or Reshape: exact. */
export function flatten(node: Scope): Imported {
  const x = node.blob(0);
  const axis = flattenAxis(node.node, x.shape);
  return node.reshape(x, [countOf(x.shape, 0, axis), countOf(x.shape, axis)]);
}

/** Squeeze, Unsqueeze → Reshape: exact. */
export function squeeze(node: Scope): Imported {
  const x = node.blob(0);
  return node.reshape(x, squeezed(node.node, x.shape, node.integers(1, "axes") ?? node.node.ints("axes")));
}

export function unsqueeze(node: Scope): Imported {
  const x = node.blob(0);
  const shape = unsqueezed(node.node, x.shape, node.integers(1, "axes") ?? node.node.ints("axes") ?? []);
  return sameShape(shape, x.shape) ? node.pass(x) : node.reshape(x, shape);
}
