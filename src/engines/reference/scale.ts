import type { Collapsed } from "../../core/kernels.js";
import type { Arguments } from "./kernel.js";

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
export function sumPerDim(size: Collapsed, term: (index: number) => number): Float64Array {
  const sums = new Float64Array(size.dim);
  eachWithDim(size, (i, d) => {
    sums[d] += term(i);
  });
  return sums;
}

export function scale({ x, scale, bias, y, ...size }: Arguments<"scale">): void {
  eachWithDim(size, (i, d) => {
    y[i] = x[i] * scale[d] + (bias ? bias[d] : 0);
  });
}

export function scaleBackward({ x, dy, dscale, accumulate, ...size }: Arguments<"scaleBackward">): void {
  const sums = sumPerDim(size, (i) => x[i] * dy[i]);
  for (let d = 0; d < sums.length; d++) dscale[d] = sums[d] + (accumulate ? dscale[d] : 0);
}

export function bias({ x, bias, y, ...size }: Arguments<"bias">): void {
  eachWithDim(size, (i, d) => {
    y[i] = x[i] + bias[d];
  });
}

export function biasBackward({ dy, dbias, accumulate, ...size }: Arguments<"biasBackward">): void {
  const sums = sumPerDim(size, (i) => dy[i]);
  for (let d = 0; d < sums.length; d++) dbias[d] = sums[d] + (accumulate ? dbias[d] : 0);
}
