import { countOf, type Shape } from "../../../util/shape.js";
import { type Constant, floatConstant } from "../../tensor.js";
import type { Node } from "../node.js";
import { whole } from "../value.js";
import { type Fold, type FoldScope, stridesOf } from "./fold.js";

/** How values are put together, and what becomes of the result for `count` of them. */
const rules: Readonly<
  Record<string, readonly [join: (a: number, b: number) => number, end?: (sum: number, count: number) => number]>
> = {
  ReduceSum: [(a, b) => a + b],
  ReduceMean: [(a, b) => a + b, (sum, count) => sum / count],
  ReduceProd: [(a, b) => a * b],
  ReduceMax: [Math.max],
  ReduceMin: [Math.min],
};

/** Constants of which axes are reduced to one value. Whole numbers stay whole, in double precision. */
export const reduce: Readonly<Record<string, Fold>> = Object.fromEntries(
  Object.entries(rules).map(([type, [join, end = (sum: number) => sum]]) => [
    type,
    (at: FoldScope) => reduced(at, join, end),
  ]),
);

function reduced(
  at: FoldScope,
  join: (a: number, b: number) => number,
  end: (sum: number, count: number) => number,
): Constant {
  const x = at.input(0);
  const axes = reducedAxes(at.node, x.shape, at.integers(1, "axes"));
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const count = countOf(at.shape(kept));
  const [strides, places] = [stridesOf(x.shape), stridesOf(kept)];
  at.budget.take(x.data.length);
  const sums = new Array<number | undefined>(count);
  for (let i = 0; i < x.data.length; i++) {
    let place = 0;
    for (const [axis, size] of kept.entries()) {
      if (size > 1) place += (Math.floor(i / (strides[axis] ?? 1)) % size) * (places[axis] ?? 1);
    }
    const [before, value] = [sums[place], Number(x.data[i])];
    sums[place] = before === undefined ? value : join(before, value);
  }
  const each = x.data.length / Math.max(count, 1);
  const values = Array.from(sums, (sum = 0) => end(sum, each));
  const shape = reducedShape(at.node, x.shape, axes);
  return x.type === "float"
    ? floatConstant(shape, values)
    : { type: "int", shape, data: BigInt64Array.from(values, whole) };
}

/** The axes that a reduction goes over, rising: all of them if none is given. */
export function reducedAxes(node: Node, shape: Shape, given: readonly number[] | undefined): readonly number[] {
  if (given === undefined || given.length === 0) {
    return node.int("noop_with_empty_axes", 0) === 1 ? [] : [...shape.keys()];
  }
  return [...new Set(given.map((axis) => node.axis(shape, axis)))].sort((a, b) => a - b);
}

/** The shape after a reduction: `keepdims` says whether the axes stay, with size 1. */
export function reducedShape(node: Node, shape: Shape, axes: readonly number[]): Shape {
  const keeps = node.int("keepdims", 1) === 1;
  return shape.flatMap((size, axis) => (axes.includes(axis) ? (keeps ? [1] : []) : [size]));
}
