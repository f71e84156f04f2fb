import type { Collapsed } from "../../core/kernels.js";

/** Visits every value, with its index along the middle axis. */
export function eachWithDim({ outer, dim, inner }: Collapsed, visit: (index: number, d: number) => void): void {
  let index = 0;
  for (let o = 0; o < outer; o++) {
    for (let d = 0; d < dim; d++) {
      for (let i = 0; i < inner; i++) visit(index++, d);
    }
  }
}

/** For each index along the middle axis, the sum of `term` over its values, in double precision. */
export function sumPerDim({ outer, dim, inner }: Collapsed, term: (index: number, d: number) => number): Float64Array {
  const sums = new Float64Array(dim);
  let index = 0;
  for (let o = 0; o < outer; o++) {
    for (let d = 0; d < dim; d++) {
      for (let i = 0; i < inner; i++) sums[d] += term(index++, d);
    }
  }
  return sums;
}
