import { kernel } from "./kernel.js";

/** Copies `rows` runs of `width` values; consecutive runs start `xStride` and `yStride` apart. */
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
/** y row i = x row index[i], cut towards 0; rows have `width` values. Not in place. NaN where x has no such row. */
export const gatherRows = kernel({ x: "in", index: "in", y: "out", rows: "number", width: "number" });
/** dx row index[i] += dy row i; nothing where dx has no such row. Not in place. */
export const scatterRows = kernel({ dy: "in", index: "in", dx: "inout", rows: "number", width: "number" });
