import { cut, every, take } from "./along.js";
import { sliceRanges } from "./fold/arrange.js";
import type { Imported, Scope } from "./scope.js";

/** Slice with constant places → Slice, and for steps Pooling with windows of one value, backwards Slice and Concat: exact. */
export function slice(node: Scope): Imported {
  const x = node.blob(0);
  const given = (index: number, name: string) => node.integers(index, name) ?? node.node.ints(name);
  const ranges = sliceRanges(
    node.node,
    x.shape,
    given(1, "starts"),
    given(2, "ends"),
    given(3, "axes"),
    given(4, "steps"),
  );
  const empty = ranges.findIndex(({ count }) => count === 0);
  node.check(empty < 0, `it keeps nothing of axis ${empty}`);
  const changed = ranges.flatMap((range, axis) =>
    range.count === x.shape[axis] && range.step > 0 ? [] : [{ ...range, axis }],
  );
  if (changed.length === 0) return node.pass(x);
  return changed.reduce((from, { axis, start, step, count }, nth) => {
    const suffix = nth === changed.length - 1 ? undefined : `axis${axis}`;
    if (step === 1) return cut(node, from, axis, start, start + count, suffix);
    if (step > 1 && count > 1) {
      const part = cut(node, from, axis, start, start + (count - 1) * step + 1, `range${axis}`);
      return every(node, part, axis, step, suffix);
    }
    node.budget.take(count);
    return take(
      node,
      from,
      axis,
      Array.from({ length: count }, (_, i) => start + i * step),
      suffix ?? "taken",
    );
  }, x);
}
