import { addSums, Block, channelsInBlock, mapBlock, measureBlock, setCenter } from "./batch-norm";
import { Lanes } from "./lanes";

// Batch normalization with the Scale and ReLU that follow it, without additional passes over memory: forward reads x
// twice and writes y, backward reads x and dy twice and writes dx. A piece is a channel.

/** The most values that are added up in single precision. */
const chunk: i32 = 256;

/** max(v, 0) + negativeSlope·min(v, 0), v = (x − c)·multiplier + offset */
@unmanaged
export class Activated {
  @inline
  apply(
    x: v128,
    _b: v128,
    c: v128,
    multiplier: v128,
    offset: v128,
    _coefficient: v128,
    _constant: v128,
    negativeSlope: v128,
  ): v128 {
    const v = f32x4.add(f32x4.mul(f32x4.sub(x, c), multiplier), offset);
    const zero = f32x4.splat(0);
    return f32x4.add(f32x4.pmax(v, zero), f32x4.mul(negativeSlope, f32x4.pmin(v, zero)));
  }
}

/** d·multiplier + constant − coefficient·(x − c), where d is the gradient of dy through the activation */
@unmanaged
export class ActivatedGradient {
  /** The gradient of dy through the activation, whose input is v */
  @inline
  static through(dy: v128, v: v128, negativeSlope: v128): v128 {
    return v128.bitselect(dy, f32x4.mul(dy, negativeSlope), f32x4.gt(v, f32x4.splat(0)));
  }

  @inline
  apply(
    x: v128,
    dy: v128,
    c: v128,
    multiplier: v128,
    offset: v128,
    coefficient: v128,
    constant: v128,
    negativeSlope: v128,
  ): v128 {
    const distance = f32x4.sub(x, c);
    const d = ActivatedGradient.through(dy, f32x4.add(f32x4.mul(distance, multiplier), offset), negativeSlope);
    return f32x4.sub(f32x4.add(f32x4.mul(d, multiplier), constant), f32x4.mul(coefficient, distance));
  }
}

/** If the address `scale` is 0, scale is 1; if `bias` is 0, bias is 0. A `negativeSlope` of 1 means no activation. */
export function batchNormFused(
  from: i32,
  to: i32,
  x: usize,
  y: usize,
  mean: usize,
  variance: usize,
  scale: usize,
  bias: usize,
  n: i32,
  channels: i32,
  inner: i32,
  negativeSlope: f32,
  eps: f64,
): void {
  const step = channelsInBlock(n, inner);
  for (let first = from; first < to; first += step) {
    const size = min(step, to - first);
    measureBlock(x, mean, variance, scale, n, channels, inner, first, size, eps);
    shiftBlock(bias, first, size);
    mapBlock<Activated>(x, x, y, n, channels, inner, first, size, negativeSlope);
  }
}

/** `batchNormFused` with given statistics. Without `variance` x is not divided; without `mean` the mean is 0. */
export function normalizeFused(
  from: i32,
  to: i32,
  x: usize,
  y: usize,
  mean: usize,
  variance: usize,
  scale: usize,
  bias: usize,
  n: i32,
  channels: i32,
  inner: i32,
  negativeSlope: f32,
  eps: f64,
): void {
  const step = channelsInBlock(n, inner);
  for (let first = from; first < to; first += step) {
    const size = min(step, to - first);
    setBlock(mean, variance, scale, bias, first, size, eps);
    mapBlock<Activated>(x, x, y, n, channels, inner, first, size, negativeSlope);
  }
}

/** Adds the bias to the offsets of a measured block's channels. Does nothing if the address is 0. */
export function shiftBlock(bias: usize, first: i32, size: i32): void {
  for (let i = 0; bias && i < size; ++i) {
    const shift = load<f32>(bias + ((<usize>(first + i)) << 2));
    store<f32>(Block.offset(i), load<f32>(Block.offset(i)) + shift);
  }
}

/** Sets the multipliers and offsets of a block's channels from given statistics, scale and bias. */
export function setBlock(
  mean: usize,
  variance: usize,
  scale: usize,
  bias: usize,
  first: i32,
  size: i32,
  eps: f64,
): void {
  for (let i = 0; i < size; ++i) {
    const at = (<usize>(first + i)) << 2;
    setCenter(i, mean ? <f64>load<f32>(mean + at) : 0, oneOr(scale, at) / deviation(variance, at, eps));
  }
  shiftBlock(bias, first, size);
}

/** multiplier = scale/√(variance + eps), offset = bias + (shift − mean)·multiplier. Addresses may be 0. A piece is a channel. */
export function normToAffine(
  from: i32,
  to: i32,
  mean: usize,
  variance: usize,
  scale: usize,
  bias: usize,
  shift: usize,
  multiplier: usize,
  offset: usize,
  eps: f64,
): void {
  for (let at = (<usize>from) << 2; at < (<usize>to) << 2; at += 4) {
    const times = oneOr(scale, at) / deviation(variance, at, eps);
    const distance = zeroOr(shift, at) - zeroOr(mean, at);
    store<f32>(multiplier + at, <f32>times);
    store<f32>(offset + at, <f32>(zeroOr(bias, at) + distance * times));
  }
}

function deviation(variance: usize, at: usize, eps: f64): f64 {
  return variance ? sqrt(<f64>load<f32>(variance + at) + eps) : 1;
}

/** dscale += Σ d·x̂ and dbias += Σ d unless they are 0; x̂ is x normalized. */
export function batchNormFusedBackward(
  from: i32,
  to: i32,
  x: usize,
  dy: usize,
  dx: usize,
  mean: usize,
  variance: usize,
  scale: usize,
  bias: usize,
  dscale: usize,
  dbias: usize,
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
    endGradients(variance, scale, dscale, dbias, <f64>n * <f64>inner, first, size, eps);
    mapBlock<ActivatedGradient>(x, dy, dx, n, channels, inner, first, size, negativeSlope);
  }
}

/** Sets the values that a block's sums of gradients start from. */
export function startGradients(
  mean: usize,
  variance: usize,
  scale: usize,
  bias: usize,
  first: i32,
  size: i32,
  eps: f64,
): void {
  memory.fill(Block.sum(0), 0, (<usize>size) << 3);
  memory.fill(Block.product(0), 0, (<usize>size) << 3);
  for (let i = 0; i < size; ++i) {
    const at = (<usize>(first + i)) << 2;
    const multiplier = oneOr(scale, at) / sqrt(<f64>load<f32>(variance + at) + eps);
    store<f32>(Block.center(i), load<f32>(mean + at));
    store<f32>(Block.multiplier(i), <f32>multiplier);
    store<f32>(Block.offset(i), bias ? load<f32>(bias + at) : 0);
  }
}

/** Computes from a block's sums the gradients of scale and bias, and the parameters of `ActivatedGradient`. */
export function endGradients(
  variance: usize,
  scale: usize,
  dscale: usize,
  dbias: usize,
  count: f64,
  first: i32,
  size: i32,
  eps: f64,
): void {
  for (let i = 0; i < size; ++i) {
    const at = (<usize>(first + i)) << 2;
    const inverse = 1 / sqrt(<f64>load<f32>(variance + at) + eps);
    const times = oneOr(scale, at);
    const sum = load<f64>(Block.sum(i));
    const product = load<f64>(Block.product(i)) * inverse;
    if (dscale) store<f32>(dscale + at, <f32>(<f64>load<f32>(dscale + at) + product));
    if (dbias) store<f32>(dbias + at, <f32>(<f64>load<f32>(dbias + at) + sum));
    setGradients(i, inverse, (times * sum) / count, (times * product) / count);
  }
}

/**
 * Sets the parameters of `ActivatedGradient` for a channel.
 *
 * @param inverse 1/√(variance + eps)
 * @param average the average of d·scale
 * @param product the average of d·scale·x̂
 */
export function setGradients(i: i32, inverse: f64, average: f64, product: f64): void {
  store<f32>(Block.coefficient(i), <f32>(inverse * inverse * product));
  store<f32>(Block.constant(i), <f32>(-inverse * average));
}

/** Adds Σ d and Σ d·(x − c) to the sums of each channel of a block. */
export function sumBlockGradients(
  x: usize,
  dy: usize,
  n: i32,
  channels: i32,
  inner: i32,
  first: i32,
  size: i32,
  negativeSlope: f32,
): void {
  const plane = (<usize>inner) << 2;
  for (let image = 0; image < n; ++image) {
    let at = (<usize>(image * channels) + <usize>first) * plane;
    for (let i = 0; i < size; ++i) {
      sumGradients(x + at, dy + at, inner, i, negativeSlope);
      at += plane;
    }
  }
}

export function oneOr(values: usize, at: usize): f64 {
  return values ? <f64>load<f32>(values + at) : 1;
}

function zeroOr(values: usize, at: usize): f64 {
  return values ? <f64>load<f32>(values + at) : 0;
}

/** Adds Σ d and Σ d·(x − c) over a plane to the sums of its channel. */
export function sumGradients(x: usize, dy: usize, count: i32, channel: i32, negativeSlope: f32): void {
  for (; count >= 4; ) {
    const part = min(chunk, count & ~3);
    sumChunk(x, dy, part, channel, negativeSlope);
    x += (<usize>part) << 2;
    dy += (<usize>part) << 2;
    count -= part;
  }
  for (; count > 0; --count) {
    const distance = load<f32>(x) - load<f32>(Block.center(channel));
    const v = distance * load<f32>(Block.multiplier(channel)) + load<f32>(Block.offset(channel));
    const d: f32 = load<f32>(dy) * (v > 0 ? 1 : negativeSlope);
    addSums(channel, <f64>d, <f64>d * <f64>distance);
    x += 4;
    dy += 4;
  }
}

function sumChunk(x: usize, dy: usize, count: i32, channel: i32, negativeSlope: f32): void {
  const c = v128.load32_splat(Block.center(channel));
  const multiplier = v128.load32_splat(Block.multiplier(channel));
  const offset = v128.load32_splat(Block.offset(channel));
  const l = f32x4.splat(negativeSlope);
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let q0 = f32x4.splat(0);
  let q1 = f32x4.splat(0);
  for (; count >= 8; count -= 8) {
    const x0 = f32x4.sub(v128.load(x), c);
    const x1 = f32x4.sub(v128.load(x, 16), c);
    const d0 = ActivatedGradient.through(v128.load(dy), f32x4.add(f32x4.mul(x0, multiplier), offset), l);
    const d1 = ActivatedGradient.through(v128.load(dy, 16), f32x4.add(f32x4.mul(x1, multiplier), offset), l);
    s0 = f32x4.add(s0, d0);
    s1 = f32x4.add(s1, d1);
    q0 = f32x4.add(q0, f32x4.mul(d0, x0));
    q1 = f32x4.add(q1, f32x4.mul(d1, x1));
    x += 32;
    dy += 32;
  }
  if (count > 0) {
    const x0 = f32x4.sub(v128.load(x), c);
    const d0 = ActivatedGradient.through(v128.load(dy), f32x4.add(f32x4.mul(x0, multiplier), offset), l);
    s0 = f32x4.add(s0, d0);
    q0 = f32x4.add(q0, f32x4.mul(d0, x0));
  }
  addSums(channel, Lanes.sum(f32x4.add(s0, s1)), Lanes.sum(f32x4.add(q0, q1)));
}
