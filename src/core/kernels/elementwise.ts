// Moving and combining values; all but `dot` may work in place.

import { call, elementwise, fusedOf, kernel, kernelOf } from "./kernel.js";
import { activate } from "./lowering.js";

/** y = value */
export const fill = elementwise({ y: "out", value: "number" }, { operations: 0 });
/** y = x */
export const copy = elementwise({ x: "in", y: "out" }, { operations: 0 });
/** y = a·x + b·y; with b = 0, y is not read */
export const axpby = kernelOf<{ readonly a: number; readonly b: number }>()(
  { x: "in", y: ({ b }) => (b === 0 ? "out" : "inout") },
  { operations: 3 },
);
/** y = Σ coefficients[i]·xs[i] */
export const sum = kernelOf<{ readonly coefficients: readonly number[] }>()(
  { xs: "in*", y: "out" },
  { operations: ({ xs, y }) => 2 * xs.length * y.count, overwrites: { y: ["xs"] } },
);
/** `sum` and a ReLU after it: y = act(Σ coefficients[i]·xs[i]), act as in `batchNormFused`. */
export const sumFused = fusedOf<{ readonly coefficients: readonly number[] }>()(
  { xs: "in*", y: "out", negativeSlope: "number" },
  {
    operations: ({ xs, y }) => (2 * xs.length + 1) * y.count,
    overwrites: { y: ["xs"] },
    lowersTo: ({ xs, coefficients, y, negativeSlope }) => [
      call(sum, { xs, coefficients, y }),
      ...activate(y, negativeSlope),
    ],
  },
);
/** y = a·b, elementwise */
export const mul = elementwise({ a: "in", b: "in", y: "out" }, { overwrites: { y: ["a", "b"] } });
/** y = a/b, elementwise */
export const div = elementwise({ a: "in", b: "in", y: "out" });
/** y = x·mask·scale */
export const dropout = elementwise(
  { x: "in", mask: "in", y: "out", scale: "number" },
  { operations: 2, overwrites: { y: ["x"] } },
);
/** y = alpha·multiplier[0]·x */
export const scaleBy = elementwise({ x: "in", multiplier: "in1", y: "out", alpha: "number" });
/** y[0] = alpha·Σ a·b */
export const dot = kernel({ a: "in", b: "in", y: "out", alpha: "number" }, { operations: 2 });
/**
 * One step of a running maximum: where `x` wins, y = x and mask = index.
 * `x` wins if x > y, or, with `ties`, unless y > x.
 */
export const maxOf = elementwise({ x: "in", y: "inout", mask: "inout", index: "number", ties: "boolean" });
/** dx = dy where mask = index, else 0 */
export const maxOfBackward = elementwise({ dy: "in", mask: "in", dx: "out", index: "number" });
