import { each } from "./each-element.js";
import type { Arguments } from "./kernel.js";

export const fill = each("fill", ({ value }) => value);
export const mul = each("mul", (_, a, b) => a * b);
export const div = each("div", (_, a, b) => a / b);
export const dropout = each("dropout", ({ scale }, x, mask) => x * mask * scale);
export const maxOfBackward = each("maxOfBackward", ({ index }, dy, mask) => (mask === index ? dy : 0));

export function copy({ x, y }: Arguments<"copy">): void {
  y.set(x);
}

export function copyRows({ x, y, rows, width, xStride, yStride }: Arguments<"copyRows">): void {
  for (let row = 0; row < rows; row++) {
    y.set(x.subarray(row * xStride, row * xStride + width), row * yStride);
  }
}

export function axpby({ x, y, a, b }: Arguments<"axpby">): void {
  for (let i = 0; i < y.length; i++) y[i] = b === 0 ? a * x[i] : a * x[i] + b * y[i];
}

export function sum({ xs, coefficients, y }: Arguments<"sum">): void {
  for (let i = 0; i < y.length; i++) {
    let total = 0;
    for (let j = 0; j < xs.length; j++) total += coefficients[j] * xs[j][i];
    y[i] = total;
  }
}

export function scaleBy({ x, multiplier, y, alpha }: Arguments<"scaleBy">): void {
  for (let i = 0; i < y.length; i++) y[i] = alpha * multiplier[0] * x[i];
}

export function dot({ a, b, y, alpha }: Arguments<"dot">): void {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  y[0] = alpha * total;
}

export function maxOf({ x, y, mask, index, ties }: Arguments<"maxOf">): void {
  for (let i = 0; i < y.length; i++) {
    if (ties ? !(y[i] > x[i]) : x[i] > y[i]) {
      y[i] = x[i];
      mask[i] = index;
    }
  }
}
