import { eachWithDim, sumPerDim } from "./dims.js";
import { each } from "./each-element.js";
import type { Arguments } from "./kernel.js";

export const relu = each("relu", ({ negativeSlope }, x) => Math.max(x, 0) + negativeSlope * Math.min(x, 0));
export const reluBackward = each("reluBackward", ({ negativeSlope }, x, dy) => dy * (x > 0 ? 1 : negativeSlope));
export const abs = each("abs", (_, x) => Math.abs(x));
export const absBackward = each("absBackward", (_, x, dy) => dy * Math.sign(x));
export const sigmoid = each("sigmoid", (_, x) => logistic(x));
export const sigmoidBackward = each("sigmoidBackward", (_, y, dy) => dy * y * (1 - y));
export const tanh = each("tanh", (_, x) => Math.tanh(x));
export const tanhBackward = each("tanhBackward", (_, y, dy) => dy * (1 - y * y));
export const power = each("power", ({ power, scale, shift }, x) => (shift + scale * x) ** power);
export const powerBackward = each("powerBackward", ({ power, scale, shift }, x, dy) =>
  // The gradient of a constant is 0 even where 0^-1 is not a number.
  power * scale === 0 ? 0 : dy * power * scale * (shift + scale * x) ** (power - 1),
);
export const exp = each("exp", ({ scale, shift }, x) => Math.exp(scale * x + shift));
export const log = each("log", ({ scale, shift }, x) => Math.log(scale * x + shift));
export const logBackward = each("logBackward", ({ scale, shift }, x, dy) => (scale * dy) / (scale * x + shift));
export const elu = each("elu", ({ alpha }, x) => Math.max(x, 0) + alpha * Math.expm1(Math.min(x, 0)));
export const eluBackward = each("eluBackward", ({ alpha }, x, y, dy) => (x > 0 ? dy : dy * (alpha + y)));
export const softplus = each("softplus", (_, x) => softPositive(x));
export const softplusBackward = each("softplusBackward", (_, x, dy) => dy / (1 + Math.exp(-x)));
export const swish = each("swish", ({ beta }, x) => x / (1 + Math.exp(-beta * x)));
export const swishBackward = each("swishBackward", ({ beta }, x, dy) => {
  const gate = logistic(beta * x);
  return dy * (gate + beta * x * gate * (1 - gate));
});
export const hardSwish = each("hardSwish", (_, x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6);
export const hardSwishBackward = each("hardSwishBackward", (_, x, dy) => dy * hardSlope(x));
export const hardSigmoid = each("hardSigmoid", ({ alpha, beta }, x) => Math.min(Math.max(alpha * x + beta, 0), 1));
export const hardSigmoidBackward = each("hardSigmoidBackward", ({ alpha }, y, dy) => (y > 0 && y < 1 ? alpha * dy : 0));
export const mish = each("mish", (_, x) => x * Math.tanh(softPositive(x)));
export const mishBackward = each("mishBackward", (_, x, dy) => {
  const t = Math.tanh(softPositive(x));
  return dy * (t + x * (1 - t * t) * logistic(x));
});
/** NaN becomes `min`, as in Caffe's comparisons. */
export const clip = each("clip", ({ min, max }, x) => (Number.isNaN(x) ? min : Math.max(min, Math.min(x, max))));
export const clipBackward = each("clipBackward", ({ min, max }, x, dy) => (x >= min && x <= max ? dy : 0));
export const threshold = each("threshold", ({ threshold }, x) => (x > threshold ? 1 : 0));

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** log(1 + e^x) */
function softPositive(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** The derivative of `hardSwish`. */
function hardSlope(x: number): number {
  if (x <= -3) return 0;
  return x >= 3 ? 1 : (2 * x + 3) / 6;
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
