import { eachWithDim, sumPerDim } from "./dims.js";
import type { Arguments } from "./kernel.js";

export function scale({ x, scale, bias, y, ...size }: Arguments<"scale">): void {
  eachWithDim(size, (i, d) => {
    y[i] = x[i] * scale[d] + (bias ? bias[d] : 0);
  });
}

export function scaleAdd({ x, scale, addend, y, ...size }: Arguments<"scaleAdd">): void {
  eachWithDim(size, (i, d) => {
    y[i] = x[i] * scale[d] + addend[i];
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
