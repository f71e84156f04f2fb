import { kernel, kernelOf } from "./kernel.js";
import type { AxisOrder } from "./sizes.js";

/** Copies `rows` runs of `width` values. Consecutive runs start `xStride` and `yStride` values apart. */
export const copyRows = kernel(
  { x: "in", y: "out", rows: "number", width: "number", xStride: "number", yStride: "number" },
  {
    operations: 0,
    extents: {
      x: ({ rows, width, xStride }) => ({ rows, width, stride: xStride }),
      y: ({ rows, width, yStride }) => ({ rows, width, stride: yStride }),
    },
  },
);
/** Row i of y = row index[i] of x; fractions are cut off, rows have `width` values. NaN if x has no such row. Not in place. */
export const gatherRows = kernel({ x: "in", index: "in", y: "out", rows: "number", width: "number" });
/** Row index[i] of dx += row i of dy, which is skipped if dx has no such row. Not in place. */
export const scatterRows = kernel({ dy: "in", index: "in", dx: "inout", rows: "number", width: "number" });
/** y = x of this shape with its axes in another order: axis i of y is axis order[i] of x. Not in place. */
export const permute = kernelOf<AxisOrder>()({ x: "in", y: "out" }, { operations: 0 });
