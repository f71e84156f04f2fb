import {
  ReductionParameter_ReductionOp as Operation,
  PoolingParameter_PoolMethod as PoolMethod,
} from "../../proto/gen/caffe_pb.js";
import { countOf, type Shape, sameShape } from "../../util/shape.js";
import { reducedAxes, reducedShape } from "./fold/reduce.js";
import { globallyPooled } from "./global-pool.js";
import type { Imported, Operator, Scope } from "./scope.js";
import type { Blob } from "./value.js";

type Kind = "mean" | "sum" | "max" | "min";

/**
 * ReduceMean, ReduceSum, ReduceMax, ReduceMin: over the spatial axes → global Pooling; sums and means of the last axes → Reduction; other axes →
 * Reshape to planes, Pooling with a window of one column, and Reshape back. Exact up to the order of sums. ReduceL1, ReduceL2, ReduceSumSquare: the
 * sum of absolute values and squares.
 */
const reduction =
  (kind: Kind): Operator =>
  (node) =>
    reduced(node, node.blob(0), kind);

export const reduceMean = reduction("mean");
export const reduceSum = reduction("sum");
export const reduceMax = reduction("max");
export const reduceMin = reduction("min");
export const reduceL1: Operator = (node) =>
  reduced(node, node.layer("AbsVal", [node.blob(0)], {}, { suffix: "abs" }), "sum");
export const reduceSumSquare: Operator = (node) => reduced(node, squares(node), "sum");
export function reduceL2(node: Scope): Imported {
  const sum = reduced(node, squares(node), "sum", "sum");
  return node.layer("Power", [sum], { powerParam: { power: 0.5 } }, { inPlace: true });
}

function squares(node: Scope): Blob {
  return node.layer("Power", [node.blob(0)], { powerParam: { power: 2 } }, { suffix: "square" });
}

function reduced(node: Scope, x: Blob, kind: Kind, suffix?: string): Blob {
  const axes = reducedAxes(node.node, x.shape, node.integers(1, "axes") ?? node.node.ints("axes"));
  const shape = reducedShape(node.node, x.shape, axes);
  const long = axes.filter((axis) => x.shape[axis] !== 1);
  // Axes side by side are one; the last run is reduced first, so that the places of the others stay.
  const runs = long.reduce<number[][]>((all, axis) => {
    const run = all.at(-1);
    const isNext = run !== undefined && x.shape.slice((run.at(-1) ?? 0) + 1, axis).every((size) => size === 1);
    if (isNext) run.push(axis);
    else all.push([axis]);
    return all;
  }, []);
  if (runs.length === 0) return sameShape(shape, x.shape) && suffix !== undefined ? x : node.reshape(x, shape, suffix);
  return runs.toReversed().reduce((from, run, nth) => {
    const [start, end] = [run[0] ?? 0, (run.at(-1) ?? 0) + 1];
    if (nth === runs.length - 1) return reduceRun(node, from, [start, end], kind, shape, suffix);
    const kept = from.shape.map((size, axis) => (axis >= start && axis < end ? 1 : size));
    return reduceRun(node, from, [start, end], kind, kept, `${suffix ?? kind}/axis${start}`);
  }, x);
}

/** One value of the axes `[start, end)`, in this shape. */
function reduceRun(
  node: Scope,
  x: Blob,
  [start, end]: readonly [number, number],
  kind: Kind,
  shape: Shape,
  suffix: string | undefined,
): Blob {
  const name = suffix ?? kind;
  const own = { suffix };
  const minus = { powerParam: { scale: -1 } };
  if (kind === "min") {
    const negative = node.layer("Power", [x], minus, { suffix: `${name}/negative` });
    const most = reduceRun(node, negative, [start, end], "max", shape, `${name}/max`);
    return node.layer("Power", [most], minus, { inPlace: true, ...own });
  }
  const pool = kind === "max" ? PoolMethod.MAX : PoolMethod.AVE;
  if (x.shape.length === 4 && start === 2 && end === 4 && kind !== "sum") {
    const isWhole = sameShape(shape, [...x.shape.slice(0, 2), 1, 1]);
    if (isWhole) return globallyPooled(node, x, pool, suffix);
    return node.reshape(globallyPooled(node, x, pool, `${name}/pool`), shape, suffix);
  }
  if (end === x.shape.length && kind !== "max" && node.can("Reduction")) {
    const fields = { reductionParam: { operation: kind === "sum" ? Operation.SUM : Operation.MEAN, axis: start } };
    if (sameShape(shape, x.shape.slice(0, start))) return node.layer("Reduction", [x], fields, own);
    return node.reshape(node.layer("Reduction", [x], fields, { suffix: `${name}/reduced` }), shape, suffix);
  }
  const length = countOf(x.shape, start, end);
  const planes = node.reshape(x, [countOf(x.shape, 0, start), 1, length, countOf(x.shape, end)], `${name}/planes`);
  const window = { poolingParam: { pool, kernelH: length, kernelW: 1 } };
  const y = node.layer("Pooling", [planes], window, { suffix: `${name}/pool` });
  if (kind !== "sum") return node.reshape(y, shape, suffix);
  const sum = node.layer("Power", [y], { powerParam: { scale: length } }, { suffix: `${name}/sum`, inPlace: true });
  return node.reshape(sum, shape, suffix);
}
