import { check } from "./errors.js";

/** Sizes of a blob's axes, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** Caffe's limits: 32 axes, and a count that fits a signed 32-bit integer. */
const maxAxes = 32;
const maxCount = 2 ** 31 - 1;

/** The product of the sizes of axes `[from, to)`; 1 for no axes. */
export function countOf(shape: Shape, from = 0, to = shape.length): number {
  let count = 1;
  for (let axis = from; axis < to; axis++) count *= shape[axis] ?? 1;
  return count;
}

/** A shape as Caffe prints it: `1 3 227 227 (154587)`. */
export function formatShape(shape: Shape): string {
  return `${shape.map((size) => `${size} `).join("")}(${countOf(shape)})`;
}

/** A shape in a sentence: `2 × 3`; `()` for a scalar. */
export function formatSizes(shape: Shape): string {
  return shape.join(" × ") || "()";
}

/** Throws unless an array of this shape has `count` values. */
export function checkCount(shape: Shape, count: number): void {
  const expected = countOf(shape);
  check(
    count === expected,
    "MOKA_SHAPE",
    `an array of shape ${formatSizes(shape)} has ${expected} values, not ${count}`,
  );
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** Resolves a negative axis, which counts from the end. Throws for an axis that the shape does not have. */
export function canonicalAxis(shape: Shape, axis: number, field = "axis"): number {
  check(
    axis >= -shape.length && axis < shape.length,
    "MOKA_SHAPE",
    `${field} ${axis} is out of range for a blob of ${shape.length} axes, ${formatShape(shape)}`,
  );
  return axis < 0 ? axis + shape.length : axis;
}

/** Throws for a shape that no blob can have: negative or fractional sizes, too many axes, too many values. */
export function checkShape(shape: Shape): void {
  check(shape.length <= maxAxes, "MOKA_SHAPE", `${shape.length} axes, where Caffe allows ${maxAxes}`);
  for (const size of shape) {
    check(Number.isInteger(size) && size >= 0, "MOKA_SHAPE", `axis of size ${size} in shape ${shape.join(" ")}`);
  }
  check(countOf(shape) <= maxCount, "MOKA_SHAPE", `shape ${formatShape(shape)} has more than 2^31 - 1 values`);
}

/** A shape collapsed to `outer × dim × inner`: the axes before `axis`, those in `[axis, end)`, and those after. */
export function collapseShape(shape: Shape, axis: number, end: number): { outer: number; dim: number; inner: number } {
  return { outer: countOf(shape, 0, axis), dim: countOf(shape, axis, end), inner: countOf(shape, end) };
}
