import { splitLengths } from "./fold/arrange.js";
import type { Imported, Scope } from "./scope.js";

/** Split → Slice: exact. Parts that nothing reads go to Silence. */
export function split(node: Scope): Imported {
  const x = node.blob(0);
  const axis = node.node.axis(x.shape, node.node.int("axis", 0));
  const given = node.integers(1, "lengths") ?? node.node.ints("split");
  const lengths = splitLengths(node.node, x.shape[axis] ?? 0, given);
  node.check(
    lengths.every((length) => length > 0),
    `a part is empty (${lengths.join(", ")}), and Caffe's Slice makes none`,
  );
  if (lengths.length === 1) return node.pass(x);
  let end = 0;
  const slicePoint = lengths.slice(0, -1).map((length) => {
    end += length;
    return end;
  });
  const parts = node.layers("Slice", [x], { sliceParam: { axis, slicePoint } }, { tops: lengths.length });
  node.leave(parts.filter(({ readers }) => readers === 0));
  return parts;
}
