import { eachWithDim, sumPerDim } from "./dims.js";
import type { Arguments } from "./kernel.js";

export function relu({ x, y, negativeSlope }: Arguments<"relu">): void {
  for (let i = 0; i < y.length; i++) y[i] = Math.max(x[i], 0) + negativeSlope * Math.min(x[i], 0);
}

export function reluBackward({ x, dy, dx, negativeSlope }: Arguments<"reluBackward">): void {
  for (let i = 0; i < dx.length; i++) dx[i] = dy[i] * (x[i] > 0 ? 1 : negativeSlope);
}

export function prelu({ x, slope, y, ...size }: Arguments<"prelu">): void {
  eachWithDim(size, (i, d) => {
    y[i] = Math.max(x[i], 0) + slope[d] * Math.min(x[i], 0);
  });
}

export function preluBackward({ x, slope, dy, dx, ...size }: Arguments<"preluBackward">): void {
  eachWithDim(size, (i, d) => {
    dx[i] = dy[i] * (x[i] > 0 ? 1 : slope[d]);
  });
}

export function preluBackwardSlope({ x, dy, dslope, ...size }: Arguments<"preluBackwardSlope">): void {
  const sums = sumPerDim(size, (i) => (x[i] <= 0 ? dy[i] * x[i] : 0));
  for (let d = 0; d < sums.length; d++) dslope[d] += sums[d];
}

export function abs({ x, y }: Arguments<"abs">): void {
  for (let i = 0; i < y.length; i++) y[i] = Math.abs(x[i]);
}

export function absBackward({ x, dy, dx }: Arguments<"absBackward">): void {
  for (let i = 0; i < dx.length; i++) dx[i] = dy[i] * Math.sign(x[i]);
}

export function sigmoid({ x, y }: Arguments<"sigmoid">): void {
  for (let i = 0; i < y.length; i++) y[i] = 1 / (1 + Math.exp(-x[i]));
}

export function sigmoidBackward({ y, dy, dx }: Arguments<"sigmoidBackward">): void {
  for (let i = 0; i < dx.length; i++) dx[i] = dy[i] * y[i] * (1 - y[i]);
}

export function tanh({ x, y }: Arguments<"tanh">): void {
  for (let i = 0; i < y.length; i++) y[i] = Math.tanh(x[i]);
}

export function tanhBackward({ y, dy, dx }: Arguments<"tanhBackward">): void {
  for (let i = 0; i < dx.length; i++) dx[i] = dy[i] * (1 - y[i] * y[i]);
}

export function power({ x, y, power, scale, shift }: Arguments<"power">): void {
  for (let i = 0; i < y.length; i++) y[i] = (shift + scale * x[i]) ** power;
}

export function powerBackward({ x, dy, dx, power, scale, shift }: Arguments<"powerBackward">): void {
  // The gradient of a constant is 0 even where 0^-1 is not a number.
  for (let i = 0; i < dx.length; i++) {
    dx[i] = power * scale === 0 ? 0 : dy[i] * power * scale * (shift + scale * x[i]) ** (power - 1);
  }
}
