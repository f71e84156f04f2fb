import { kernelOf } from "./kernel.js";

/** C = alpha·op(A)·op(B) + beta·C, op(A) m×k, op(B) k×n; with beta = 0, C is not read */
export const gemm = kernelOf<Sizes>()(
  { a: "in", b: "in", c: ({ beta }) => (beta === 0 ? "out" : "inout"), transA: "boolean", transB: "boolean" },
  {
    operations: ({ m, n, k }) => 2 * m * n * k,
    extents: { c: ({ m, n }) => ({ rows: 1, width: m * n, stride: m * n }) },
  },
);

export type Sizes = { readonly [K in "m" | "n" | "k" | "alpha" | "beta"]: number };
