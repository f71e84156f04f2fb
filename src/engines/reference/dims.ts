import type { Collapsed } from "../../core/kernels.js";

/** Visits every value with the index along the middle axis it belongs to. */
export function eachWithDim({ outer, dim, inner }: Collapsed, visit: (index: number, d: number) => void): void {
  let index = 0;
  for (let o = 0; o < outer; o++) {
    for (let d = 0; d < dim; d++) {
      for (let i = 0; i < inner; i++) visit(index++, d);
    }
  }
}

/** Adds `term` of every value up per index along the middle axis, in double precision. */
export function sumPerDim(size: Collapsed, term: (index: number, d: number) => number): Float64Array {
  const sums = new Float64Array(size.dim);
  eachWithDim(size, (i, d) => {
    sums[d] += term(i, d);
  });
  return sums;
}
