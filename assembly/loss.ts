import { indexOf, isIgnored, normalizer } from "./labels";
import { workspace } from "./workspace";

// What is measured against labels: scores x (outer, dim, inner), dim classes; labels (outer, inner).

/** The smallest normal number: the logarithm is of nothing smaller. */
const smallest: f64 = 1.1754943508222875e-38;

/** One piece. */
export function softmaxLoss(
  _from: i32,
  _to: i32,
  prob: usize,
  label: usize,
  loss: usize,
  outer: i32,
  dim: i32,
  inner: i32,
  ignore: f64,
  given: f64,
): void {
  const count = outer * inner;
  let sum: f64 = 0;
  for (let column = 0; column < count; ++column) {
    const value = load<f32>(label + ((<usize>column) << 2));
    if (isIgnored(value, ignore)) continue;
    const target = indexOf(value, dim);
    if (target < 0) {
      sum = NaN;
      break;
    }
    const first = (column / inner) * dim * inner + (column % inner);
    const p = <f64>load<f32>(prob + ((<usize>(first + target * inner)) << 2));
    sum -= NativeMath.log(p < smallest ? smallest : p);
  }
  store<f32>(loss, <f32>(sum / normalizer(label, count, ignore, given)));
}

/** A piece is an image of `outer`. */
export function softmaxLossBackward(
  from: i32,
  to: i32,
  prob: usize,
  label: usize,
  dloss: usize,
  dx: usize,
  outer: i32,
  dim: i32,
  inner: i32,
  ignore: f64,
  given: f64,
): void {
  const factor = <f64>load<f32>(dloss) / normalizer(label, outer * inner, ignore, given);
  for (let o = from; o < to; ++o) {
    const start = (<usize>(o * dim * inner)) << 2;
    const labels = label + ((<usize>(o * inner)) << 2);
    for (let c = 0; c < dim; ++c) {
      const row = start + ((<usize>(c * inner)) << 2);
      gradientRow(prob + row, labels, dx + row, c, dim, inner, ignore, factor);
    }
  }
}

/** The gradients of one class, at all positions of an image. */
function gradientRow(
  prob: usize,
  labels: usize,
  dx: usize,
  c: i32,
  dim: i32,
  inner: i32,
  ignore: f64,
  factor: f64,
): void {
  for (let i: usize = 0; i < (<usize>inner) << 2; i += 4) {
    const label = load<f32>(labels + i);
    const p = <f64>load<f32>(prob + i);
    const gradient = factor * (indexOf(label, dim) == c ? p - 1 : p);
    store<f32>(dx + i, isIgnored(label, ignore) ? 0 : <f32>gradient);
  }
}

/** Scratch bytes `accuracy` needs for each class: two counts. */
export const accuracyScratch: usize = 8;

/** One piece. `perClass` may be 0. */
export function accuracy(
  _from: i32,
  _to: i32,
  x: usize,
  label: usize,
  y: usize,
  perClass: usize,
  outer: i32,
  dim: i32,
  inner: i32,
  topK: i32,
  ignore: f64,
): void {
  const right = workspace;
  const seen = workspace + ((<usize>dim) << 2);
  memory.fill(workspace, 0, (<usize>dim) << 3);
  let rightOnes = 0;
  let all = 0;
  for (let column = 0; column < outer * inner; ++column) {
    const value = load<f32>(label + ((<usize>column) << 2));
    const target = indexOf(value, dim);
    if (target < 0 || isIgnored(value, ignore)) continue;
    const first = x + ((<usize>((column / inner) * dim * inner + (column % inner))) << 2);
    const hit = isAmong(first, target, dim, inner, topK);
    rightOnes += <i32>hit;
    all += 1;
    count(right + ((<usize>target) << 2), <i32>hit);
    count(seen + ((<usize>target) << 2), 1);
  }
  store<f32>(y, all == 0 ? 0 : <f32>(<f64>rightOnes / <f64>all));
  if (!perClass) return;
  for (let at: usize = 0; at < (<usize>dim) << 2; at += 4) {
    const hits = <f64>load<i32>(right + at);
    const times = load<i32>(seen + at);
    store<f32>(perClass + at, times == 0 ? 0 : <f32>(hits / <f64>times));
  }
}

function count(address: usize, more: i32): void {
  store<i32>(address, load<i32>(address) + more);
}

/** Whether fewer than `topK` other scores reach that of the class `target`. */
function isAmong(first: usize, target: i32, dim: i32, inner: i32, topK: i32): bool {
  const stride = (<usize>inner) << 2;
  const own = load<f32>(first + <usize>target * stride);
  let better = -1;
  for (let c = 0; c < dim; ++c) {
    better += <i32>(load<f32>(first) >= own);
    first += stride;
  }
  return better < topK;
}
