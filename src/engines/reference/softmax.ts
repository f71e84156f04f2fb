import type { Collapsed } from "../../core/kernels.js";
import type { FloatArray } from "../../core/span.js";
import type { Arguments } from "./kernel.js";
import { normalizer } from "./labels.js";

/** The smallest normal float. Caffe takes its logarithm in place of that of any smaller value. */
const smallest = 2 ** -126;

/** Visits every distribution, with the index of its first value; its values are `inner` apart. */
function eachColumn({ outer, dim, inner }: Collapsed, visit: (first: number, column: number) => void): void {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) visit(o * dim * inner + i, o * inner + i);
  }
}

/**
 * If one class has almost all the probability, the shares of the others depend on rounding. So Caffe's order of rounding,
 * in single precision, is part of the definition here and in the gradient.
 */
export function softmax({ x, y, ...size }: Arguments<"softmax">): void {
  const { dim, inner } = size;
  const round = rounding(y);
  eachColumn(size, (first) => {
    const end = first + dim * inner;
    let largest = -Infinity;
    for (let i = first; i < end; i += inner) largest = Math.max(largest, x[i]);
    let total = 0;
    for (let i = first; i < end; i += inner) {
      y[i] = Math.exp(round(x[i] - largest));
      total = round(total + y[i]);
    }
    for (let i = first; i < end; i += inner) y[i] /= total;
  });
}

export function softmaxBackward({ y, dy, dx, ...size }: Arguments<"softmaxBackward">): void {
  const { dim, inner } = size;
  const round = rounding(dx);
  eachColumn(size, (first) => {
    const end = first + dim * inner;
    let total = 0;
    for (let i = first; i < end; i += inner) total = round(total + round(dy[i] * y[i]));
    for (let i = first; i < end; i += inner) dx[i] = round(dy[i] - total) * y[i];
  });
}

/** The value, rounded to the precision of `array`. */
function rounding(array: FloatArray): (value: number) => number {
  return array instanceof Float32Array ? Math.fround : (value) => value;
}

export function softmaxLoss({ prob, label, weights, loss, ...args }: Arguments<"softmaxLoss">): void {
  let total = 0;
  eachColumn(args, (first, column) => {
    const target = Math.trunc(label[column]);
    if (target === args.ignore) return;
    total -= (weights?.[target] ?? 1) * Math.log(Math.max(prob[first + target * args.inner], smallest));
  });
  loss[0] = total / normalizer(args, label);
}

export function softmaxLossBackward({
  prob,
  label,
  weights,
  dloss,
  dx,
  ...args
}: Arguments<"softmaxLossBackward">): void {
  const { dim, inner, ignore } = args;
  const multiplier = dloss[0] / normalizer(args, label);
  eachColumn(args, (first, column) => {
    const target = Math.trunc(label[column]);
    const weight = multiplier * (weights?.[target] ?? 1);
    for (let c = 0; c < dim; c++) {
      const i = first + c * inner;
      dx[i] = target === ignore ? 0 : weight * (prob[i] - (c === target ? 1 : 0));
    }
  });
}

export function accuracy({ x, label, y, perClass, topK, ignore, ...size }: Arguments<"accuracy">): void {
  const { dim, inner } = size;
  const right = new Float64Array(dim);
  const seen = new Float64Array(dim);
  eachColumn(size, (first, column) => {
    const target = Math.trunc(label[column]);
    if (target === ignore) return;
    let better = -1; // starts at −1, because the class itself is counted too
    for (let c = 0; c < dim; c++) if (x[first + c * inner] >= x[first + target * inner]) better++;
    seen[target]++;
    if (better < topK) right[target]++;
  });
  const total = (counts: Float64Array) => counts.reduce((a, b) => a + b, 0);
  y[0] = total(seen) === 0 ? 0 : total(right) / total(seen);
  if (perClass) for (let c = 0; c < dim; c++) perClass[c] = seen[c] === 0 ? 0 : right[c] / seen[c];
}
