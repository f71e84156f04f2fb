import { ReverseLayer } from "../../layers/common/reverse.js";
import type { Value } from "./graph-writer.js";
import { mapping } from "./mapping.js";
import type { Operators } from "./operators.js";

/** Reverse → `Slice` with steps of −1. Exact. */
export const reverse = mapping(ReverseLayer, (w) => w.set(0, reversed(w, w.x, w.layer.axes(w.input(0).shape))));

/** A value with the order along these axes reversed. */
export function reversed(w: Operators, x: Value, axes: readonly number[]): Value {
  if (axes.length === 0) return x;
  return w.slice(
    x,
    axes.map((axis) => ({ axis, from: -1, step: -1 })),
  );
}
