import { take } from "./along.js";
import type { Imported, Scope } from "./scope.js";

/** Gather with constant indices → Slice, and Concat where they are not in a row: exact. */
export function gather(node: Scope): Imported {
  const x = node.blob(0);
  const [indices, given] = [node.constant(1, "indices"), node.integers(1, "indices")];
  if (!indices || !given) throw node.node.error("MOKA_PARSE", "it has no indices");
  const axis = node.node.axis(x.shape, node.node.int("axis", 0));
  const size = x.shape[axis] ?? 0;
  const places = given.map((place) => (place < 0 ? place + size : place));
  const fits = places.length > 0 && places.every((place) => place >= 0 && place < size);
  if (!fits)
    throw node.node.error("MOKA_PARSE", `indices ${places.slice(0, 8).join(", ")} are not all of an axis of ${size}`);
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  return node.reshape(take(node, x, axis, places, "taken"), shape);
}
