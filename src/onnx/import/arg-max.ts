import type { Imported, Scope } from "./scope.js";

/** ArgMax → ArgMax along an axis: exact, but that of equal values Caffe takes the last one, and the indices are floats. */
export function argMax(node: Scope): Imported {
  const x = node.blob(0);
  const axis = node.node.axis(x.shape, node.node.int("axis", 0));
  if (node.node.int("select_last_index", 0) === 0)
    node.note("of equal values, Caffe's ArgMax takes the last one, where the model takes the first");
  if (node.node.int("keepdims", 1) === 1) return node.layer("ArgMax", [x], { argmaxParam: { axis } });
  const y = node.layer("ArgMax", [x], { argmaxParam: { axis } }, { suffix: "index" });
  return node.reshape(
    y,
    x.shape.filter((_, i) => i !== axis),
  );
}
