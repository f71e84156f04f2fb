import { Block, channelsInBlock, Gradient, mapBlock, setCenter, sumBlock } from "./batch-norm";
import { ActivatedGradient, oneOr, setGradients, startGradients, sumBlockGradients } from "./batch-norm-fused";

// The halves of batch normalization over several ranks: before the sums over all ranks, and after it. A piece is a channel.
//
// Two values of each channel, in double precision, are stored as pairs (src/util/double-pairs.ts): the high parts of the first
// value of all channels, those of the second, then the low parts in the same order.

/** The address of a channel's high part of the first value, `which` 0, or the second, 1. */
function highOf(pairs: usize, channels: i32, channel: i32, which: i32): usize {
  return pairs + ((<usize>(which * channels + channel)) << 2);
}

/** Bytes from a high part to its low part. */
function toLow(channels: i32): usize {
  return (<usize>channels) << 3;
}

export function storePair(pairs: usize, channels: i32, channel: i32, which: i32, value: f64): void {
  const at = highOf(pairs, channels, channel, which);
  const high = <f32>value;
  store<f32>(at, high);
  store<f32>(at + toLow(channels), isFinite(high) ? <f32>(value - <f64>high) : 0);
}

export function loadPair(pairs: usize, channels: i32, channel: i32, which: i32): f64 {
  const at = highOf(pairs, channels, channel, which);
  return <f64>load<f32>(at) + <f64>load<f32>(at + toLow(channels));
}

/** S = Σ (x − k) and Q = Σ (x − k)² of each channel, where k = runningMean/factor, which is written to `center`. */
export function batchNormMoments(
  from: i32,
  to: i32,
  x: usize,
  runningMean: usize,
  factor: usize,
  center: usize,
  sums: usize,
  n: i32,
  channels: i32,
  inner: i32,
): void {
  const count = <f64>n * <f64>inner;
  const given = <f64>load<f32>(factor);
  const step = channelsInBlock(n, inner);
  for (let first = from; first < to; first += step) {
    const size = min(step, to - first);
    sumBlock(x, x, n, channels, inner, first, size);
    for (let i = 0; i < size; ++i) {
      const at = (<usize>(first + i)) << 2;
      const average: f32 = given == 0 ? <f32>0 : <f32>(<f64>load<f32>(runningMean + at) / given);
      const k: f32 = isFinite<f32>(average) ? average : <f32>0;
      store<f32>(center + at, k);
      const mean = load<f64>(Block.sum(i)) / max(1, count);
      const squares = load<f64>(Block.product(i)) - count * mean * mean;
      // Rounding may make the sum of squares negative: it becomes 0 then. NaN stays NaN.
      const spread = squares < 0 ? 0 : squares;
      const distance = mean - <f64>k;
      storePair(sums, channels, first + i, 0, count * distance);
      storePair(sums, channels, first + i, 1, spread + count * distance * distance);
    }
  }
}

/** Σ dy and Σ dy·y of each channel. */
export function batchNormBackwardSums(
  from: i32,
  to: i32,
  y: usize,
  dy: usize,
  sums: usize,
  n: i32,
  channels: i32,
  inner: i32,
): void {
  const step = channelsInBlock(n, inner);
  for (let first = from; first < to; first += step) {
    const size = min(step, to - first);
    sumBlock(dy, y, n, channels, inner, first, size);
    for (let i = 0; i < size; ++i) {
      storePair(sums, channels, first + i, 0, load<f64>(Block.sum(i)));
      storePair(sums, channels, first + i, 1, load<f64>(Block.product(i)));
    }
  }
}

/** dx = (dy − a − y·b)/√(variance + eps), where a and b are the pairs at `averages`. */
export function batchNormBackwardApply(
  from: i32,
  to: i32,
  y: usize,
  dy: usize,
  variance: usize,
  averages: usize,
  dx: usize,
  n: i32,
  channels: i32,
  inner: i32,
  eps: f64,
): void {
  const step = channelsInBlock(n, inner);
  for (let first = from; first < to; first += step) {
    const size = min(step, to - first);
    for (let i = 0; i < size; ++i) {
      const multiplier = 1 / sqrt(<f64>load<f32>(variance + ((<usize>(first + i)) << 2)) + eps);
      setCenter(i, loadPair(averages, channels, first + i, 0), multiplier);
      store<f32>(Block.coefficient(i), <f32>(multiplier * loadPair(averages, channels, first + i, 1)));
    }
    mapBlock<Gradient>(dy, y, dx, n, channels, inner, first, size, 0);
  }
}

/** The sums of `batchNormFusedBackward`: Σ d·scale and Σ d·scale·x̂; dscale += Σ d·x̂ and dbias += Σ d unless they are 0. */
export function batchNormFusedBackwardSums(
  from: i32,
  to: i32,
  x: usize,
  dy: usize,
  mean: usize,
  variance: usize,
  scale: usize,
  bias: usize,
  dscale: usize,
  dbias: usize,
  sums: usize,
  n: i32,
  channels: i32,
  inner: i32,
  negativeSlope: f32,
  eps: f64,
): void {
  const step = channelsInBlock(n, inner);
  for (let first = from; first < to; first += step) {
    const size = min(step, to - first);
    startGradients(mean, variance, scale, bias, first, size, eps);
    sumBlockGradients(x, dy, n, channels, inner, first, size, negativeSlope);
    storeGradients(variance, scale, dscale, dbias, sums, channels, first, size, eps);
  }
}

/** Stores a block's sums as pairs, and adds the gradients of scale and bias. */
export function storeGradients(
  variance: usize,
  scale: usize,
  dscale: usize,
  dbias: usize,
  sums: usize,
  channels: i32,
  first: i32,
  size: i32,
  eps: f64,
): void {
  for (let i = 0; i < size; ++i) {
    const at = (<usize>(first + i)) << 2;
    const sum = load<f64>(Block.sum(i));
    const product = load<f64>(Block.product(i)) / sqrt(<f64>load<f32>(variance + at) + eps);
    if (dscale) store<f32>(dscale + at, <f32>(<f64>load<f32>(dscale + at) + product));
    if (dbias) store<f32>(dbias + at, <f32>(<f64>load<f32>(dbias + at) + sum));
    const times = oneOr(scale, at);
    storePair(sums, channels, first + i, 0, times * sum);
    storePair(sums, channels, first + i, 1, times * product);
  }
}

/** The dx of `batchNormFusedBackward`, with the averages over all ranks. */
export function batchNormFusedBackwardApply(
  from: i32,
  to: i32,
  x: usize,
  dy: usize,
  dx: usize,
  mean: usize,
  variance: usize,
  scale: usize,
  bias: usize,
  averages: usize,
  n: i32,
  channels: i32,
  inner: i32,
  negativeSlope: f32,
  eps: f64,
): void {
  const step = channelsInBlock(n, inner);
  for (let first = from; first < to; first += step) {
    const size = min(step, to - first);
    startGradients(mean, variance, scale, bias, first, size, eps);
    loadGradients(variance, averages, channels, first, size, eps);
    mapBlock<ActivatedGradient>(x, dy, dx, n, channels, inner, first, size, negativeSlope);
  }
}

/** Computes the parameters of `ActivatedGradient` from averages over all ranks. */
export function loadGradients(variance: usize, averages: usize, channels: i32, first: i32, size: i32, eps: f64): void {
  for (let i = 0; i < size; ++i) {
    const inverse = 1 / sqrt(<f64>load<f32>(variance + ((<usize>(first + i)) << 2)) + eps);
    const product = loadPair(averages, channels, first + i, 1);
    setGradients(i, inverse, loadPair(averages, channels, first + i, 0), product);
  }
}
