import type { Imported, Scope } from "./scope.js";

/** Concat → Concat: exact. A constant among the inputs becomes a Parameter layer. */
export function concat(node: Scope): Imported {
  const present = node.inputs.flatMap((value, index) => (value ? [index] : []));
  const blobs = present.map((index) => node.blob(index));
  const [first] = blobs;
  if (!first) throw node.node.error("MOKA_PARSE", "it has no input");
  const axis = node.node.axis(first.shape, node.node.int("axis", 1));
  return blobs.length === 1 ? node.pass(first) : node.layer("Concat", blobs, { concatParam: { axis } });
}
