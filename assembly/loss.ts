import { times } from "./elementwise";
import { indexOf, isIgnored, normalizer } from "./labels";
import { Log } from "./log";
import { workspace } from "./workspace";

// Losses and accuracy against labels: scores x (outer, dim, inner) of `dim` classes, labels (outer, inner).

/** The smallest normal number: probabilities below it count as this before the logarithm. */
const smallest: f64 = 1.1754943508222875e-38;

/** One piece. `weights` may be 0. */
export function softmaxLoss(
  _from: i32,
  _to: i32,
  prob: usize,
  label: usize,
  weights: usize,
  loss: usize,
  outer: i32,
  dim: i32,
  inner: i32,
  ignore: f64,
  given: f64,
): void {
  const total = normalizer(label, outer * inner, ignore, given);
  const image = (<usize>(dim * inner)) << 2;
  // Two logarithms are computed at a time.
  let sums = f64x2.splat(0);
  let waiting: f64 = 1;
  let isWaiting = false;
  let isWrong = false;
  for (let o = 0; o < outer; ++o) {
    for (let i = 0; i < inner; ++i) {
      const value = load<f32>(label + ((<usize>i) << 2));
      if (isIgnored(value, ignore)) continue;
      const target = indexOf(value, dim);
      if (target < 0) {
        isWrong = true;
        continue;
      }
      const p = <f64>load<f32>(prob + ((<usize>(target * inner + i)) << 2));
      const cut = p < smallest ? smallest : p;
      if (weights) {
        const weight = f64x2.splat(<f64>load<f32>(weights + ((<usize>target) << 2)));
        sums = f64x2.sub(sums, f64x2.mul(weight, Log.two(f64x2.replace_lane(f64x2.splat(1), 0, cut))));
        continue;
      }
      if (isWaiting) sums = f64x2.sub(sums, Log.two(f64x2.replace_lane(f64x2.splat(waiting), 1, cut)));
      waiting = cut;
      isWaiting = !isWaiting;
    }
    label += (<usize>inner) << 2;
    prob += image;
  }
  if (isWaiting) sums = f64x2.sub(sums, Log.two(f64x2.replace_lane(f64x2.splat(1), 0, waiting)));
  const sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  store<f32>(loss, <f32>((isWrong ? NaN : sum) / total));
}

/** In single precision, as in Caffe. A piece is an image of `outer`; dx must not be prob. `weights` may be 0. */
export function softmaxLossBackward(
  from: i32,
  to: i32,
  prob: usize,
  label: usize,
  weights: usize,
  dloss: usize,
  dx: usize,
  outer: i32,
  dim: i32,
  inner: i32,
  ignore: f64,
  given: f64,
): void {
  const multiplier = <f32>(<f64>load<f32>(dloss) / normalizer(label, outer * inner, ignore, given));
  const values = dim * inner;
  const step = (<usize>inner) << 2;
  times(from * values, to * values, prob, dx, multiplier);
  for (let o = from; o < to; ++o) {
    const start = (<usize>(o * values)) << 2;
    for (let i = 0; i < inner; ++i) {
      const value = load<f32>(label + ((<usize>(o * inner + i)) << 2));
      const first = start + ((<usize>i) << 2);
      if (isIgnored(value, ignore)) {
        for (let at = first; at < start + <usize>dim * step; at += step) store<f32>(dx + at, 0);
        continue;
      }
      const target = indexOf(value, dim);
      if (target < 0) continue;
      const at = first + <usize>target * step;
      store<f32>(dx + at, multiplier * (load<f32>(prob + at) - 1));
      if (!weights) continue;
      const weight = load<f32>(weights + ((<usize>target) << 2));
      for (let at = first; at < start + <usize>dim * step; at += step) store<f32>(dx + at, weight * load<f32>(dx + at));
    }
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
  for (let o = 0; o < outer; ++o) {
    for (let i = 0; i < inner; ++i) {
      const value = load<f32>(label + ((<usize>i) << 2));
      const target = indexOf(value, dim);
      if (target < 0 || isIgnored(value, ignore)) continue;
      const hit = isAmong(x + ((<usize>i) << 2), target, dim, inner, topK);
      rightOnes += <i32>hit;
      all += 1;
      count(right + ((<usize>target) << 2), <i32>hit);
      count(seen + ((<usize>target) << 2), 1);
    }
    label += (<usize>inner) << 2;
    x += (<usize>(dim * inner)) << 2;
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
  const step = (<usize>inner) << 2;
  const own = load<f32>(first + <usize>target * step);
  let better = -1;
  if (inner == 1) {
    const owns = f32x4.splat(own);
    let counts = i32x4.splat(0);
    for (; dim >= 4; dim -= 4) {
      counts = i32x4.sub(counts, f32x4.ge(v128.load(first), owns));
      first += 16;
    }
    better += i32x4.extract_lane(counts, 0) + i32x4.extract_lane(counts, 1);
    better += i32x4.extract_lane(counts, 2) + i32x4.extract_lane(counts, 3);
  }
  for (; dim > 0; --dim) {
    better += <i32>(load<f32>(first) >= own);
    first += step;
  }
  return better < topK;
}
