import { Lanes } from "./lanes";
import { workspace } from "./workspace";

// Batch normalization over x (n, channels, inner). A piece is a channel.
//
// Channels are processed in blocks that stay in the cache from one pass to the next: a single channel would step through
// memory in strides too long for the prefetcher. Sums are in double precision, so that a mean far from 0 loses no
// digits. x − mean is computed as (x − c) − (mean − c), where c is the rounded mean: the first difference is exact near c.

/** Bytes of a block of channels. */
const blockBytes: i32 = 1 << 22;
const fewestChannels: i32 = 4;
const mostChannels: i32 = 256;

/** Bytes before the values of a block's channels: room for the table of a call that has one. */
const tableBytes: usize = 64;

/** Scratch bytes: two f64 and five f32 for each channel of a block. */
export const batchNormScratch: usize = tableBytes + 36 * <usize>mostChannels;

/** Per channel of a block: first the sums, later the parameters that its values are transformed with. */
export class Block {
  /** Σ a and Σ a·b, f64 */
  @inline
  static sum(i: i32): usize {
    return workspace + tableBytes + ((<usize>i) << 3);
  }

  @inline
  static product(i: i32): usize {
    return workspace + tableBytes + ((<usize>mostChannels + <usize>i) << 3);
  }

  /** f32 from here on */
  @inline
  static center(i: i32): usize {
    return workspace + tableBytes + ((4 * <usize>mostChannels + <usize>i) << 2);
  }

  @inline
  static multiplier(i: i32): usize {
    return workspace + tableBytes + ((5 * <usize>mostChannels + <usize>i) << 2);
  }

  @inline
  static offset(i: i32): usize {
    return workspace + tableBytes + ((6 * <usize>mostChannels + <usize>i) << 2);
  }

  @inline
  static coefficient(i: i32): usize {
    return workspace + tableBytes + ((7 * <usize>mostChannels + <usize>i) << 2);
  }

  @inline
  static constant(i: i32): usize {
    return workspace + tableBytes + ((8 * <usize>mostChannels + <usize>i) << 2);
  }
}

/** (x − c)·multiplier + offset */
@unmanaged
class Normalized {
  @inline
  apply(x: v128, _b: v128, c: v128, multiplier: v128, offset: v128, _p: v128, _q: v128, _r: v128): v128 {
    return f32x4.add(f32x4.mul(f32x4.sub(x, c), multiplier), offset);
  }
}

/** (dy − c)·multiplier + offset − coefficient·y */
@unmanaged
export class Gradient {
  @inline
  apply(dy: v128, y: v128, c: v128, multiplier: v128, offset: v128, coefficient: v128, _q: v128, _r: v128): v128 {
    return f32x4.sub(f32x4.add(f32x4.mul(f32x4.sub(dy, c), multiplier), offset), f32x4.mul(coefficient, y));
  }
}

export function batchNorm(
  from: i32,
  to: i32,
  x: usize,
  y: usize,
  mean: usize,
  variance: usize,
  n: i32,
  channels: i32,
  inner: i32,
  eps: f64,
): void {
  const step = channelsInBlock(n, inner);
  for (let first = from; first < to; first += step) {
    const size = min(step, to - first);
    measureBlock(x, mean, variance, 0, n, channels, inner, first, size, eps);
    mapBlock<Normalized>(x, x, y, n, channels, inner, first, size, 0);
  }
}

/**
 * Computes mean and variance of each channel of a block, and sets its channels to be centered and scaled by them, and by
 * `scale` unless that address is 0.
 */
export function measureBlock(
  x: usize,
  mean: usize,
  variance: usize,
  scale: usize,
  n: i32,
  channels: i32,
  inner: i32,
  first: i32,
  size: i32,
  eps: f64,
): void {
  const count = <f64>n * <f64>inner;
  sumBlock(x, x, n, channels, inner, first, size);
  for (let i = 0; i < size; ++i) {
    const center = load<f64>(Block.sum(i)) / count;
    const square = load<f64>(Block.product(i)) / count - center * center;
    // Rounding may make the variance negative: it becomes 0 then. NaN stays NaN.
    const spread = square < 0 ? 0 : square;
    const at = (<usize>(first + i)) << 2;
    store<f32>(mean + at, <f32>center);
    store<f32>(variance + at, <f32>spread);
    setCenter(i, center, (scale ? <f64>load<f32>(scale + at) : 1) / sqrt(spread + eps));
  }
}

/** y = (x − mean)/√(variance + eps); without `mean` the mean is 0 */
export function normalize(
  from: i32,
  to: i32,
  x: usize,
  mean: usize,
  variance: usize,
  y: usize,
  n: i32,
  channels: i32,
  inner: i32,
  eps: f64,
): void {
  const step = channelsInBlock(n, inner);
  for (let first = from; first < to; first += step) {
    const size = min(step, to - first);
    for (let i = 0; i < size; ++i) {
      const at = (<usize>(first + i)) << 2;
      setCenter(i, mean ? <f64>load<f32>(mean + at) : 0, 1 / sqrt(<f64>load<f32>(variance + at) + eps));
    }
    mapBlock<Normalized>(x, x, y, n, channels, inner, first, size, 0);
  }
}

export function batchNormBackward(
  from: i32,
  to: i32,
  y: usize,
  dy: usize,
  variance: usize,
  dx: usize,
  n: i32,
  channels: i32,
  inner: i32,
  eps: f64,
): void {
  const step = channelsInBlock(n, inner);
  const count = <f64>n * <f64>inner;
  for (let first = from; first < to; first += step) {
    const size = min(step, to - first);
    sumBlock(dy, y, n, channels, inner, first, size);
    for (let i = 0; i < size; ++i) {
      const multiplier = 1 / sqrt(<f64>load<f32>(variance + ((<usize>(first + i)) << 2)) + eps);
      setCenter(i, load<f64>(Block.sum(i)) / count, multiplier);
      store<f32>(Block.coefficient(i), <f32>((multiplier * load<f64>(Block.product(i))) / count));
    }
    mapBlock<Gradient>(dy, y, dx, n, channels, inner, first, size, 0);
  }
}

export function channelsInBlock(n: i32, inner: i32): i32 {
  const bytes = max<i64>(1, <i64>n * <i64>inner * 4);
  return min(mostChannels, max(fewestChannels, <i32>(<i64>blockBytes / bytes) & ~3));
}

/** Sets c, multiplier and offset so that (x − c)·multiplier + offset is (x − center)·multiplier. */
export function setCenter(i: i32, center: f64, multiplier: f64): void {
  const rounded = <f32>center;
  store<f32>(Block.center(i), rounded);
  store<f32>(Block.multiplier(i), <f32>multiplier);
  store<f32>(Block.offset(i), <f32>((<f64>rounded - center) * multiplier));
}

/** For each channel of a block, Σ a and Σ a·b. */
export function sumBlock(a: usize, b: usize, n: i32, channels: i32, inner: i32, first: i32, size: i32): void {
  const plane = (<usize>inner) << 2;
  const image = plane * <usize>channels;
  let start = plane * <usize>first;
  memory.fill(Block.sum(0), 0, (<usize>size) << 3);
  memory.fill(Block.product(0), 0, (<usize>size) << 3);
  if (inner == 1) {
    let i = 0;
    for (; i + 4 <= size; i += 4)
      sumFourColumns(a + start + ((<usize>i) << 2), b + start + ((<usize>i) << 2), n, image, i);
    for (; i < size; ++i) sumColumn(a + start + ((<usize>i) << 2), b + start + ((<usize>i) << 2), n, image, i);
    return;
  }
  for (let row = 0; row < n; ++row) {
    for (let i = 0; i < size; ++i) {
      const at = start + <usize>i * plane;
      if (a == b) sumSquaresOfPlane(a + at, inner, i);
      else sumPlane(a + at, b + at, inner, i);
    }
    start += image;
  }
}

/** The most values that are added up in single precision. */
const chunk: i32 = 256;

function sumPlane(a: usize, b: usize, count: i32, channel: i32): void {
  for (; count >= 8; ) {
    const size = min(chunk, count & ~7);
    sumChunk(a, b, size, channel);
    a += (<usize>size) << 2;
    b += (<usize>size) << 2;
    count -= size;
  }
  sumColumn(a, b, count, 4, channel);
}

function sumChunk(a: usize, b: usize, count: i32, channel: i32): void {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let q0 = f32x4.splat(0);
  let q1 = f32x4.splat(0);
  for (; count > 0; count -= 8) {
    const a0 = v128.load(a);
    const a1 = v128.load(a, 16);
    s0 = f32x4.add(s0, a0);
    s1 = f32x4.add(s1, a1);
    q0 = f32x4.add(q0, f32x4.mul(a0, v128.load(b)));
    q1 = f32x4.add(q1, f32x4.mul(a1, v128.load(b, 16)));
    a += 32;
    b += 32;
  }
  addSums(channel, Lanes.sum(f32x4.add(s0, s1)), Lanes.sum(f32x4.add(q0, q1)));
}

/** Σ a and Σ a·b where a is b: the variance must lose no digits. */
function sumSquaresOfPlane(a: usize, count: i32, channel: i32): void {
  for (; count >= 8; ) {
    const size = min(chunk, count & ~7);
    sumSquaresOfChunk(a, size, channel);
    a += (<usize>size) << 2;
    count -= size;
  }
  sumColumn(a, a, count, 4, channel);
}

/** Sums the distances from the chunk's own mean, k, and their squares; single precision is enough for these. */
function sumSquaresOfChunk(a: usize, count: i32, channel: i32): void {
  const end = a + ((<usize>count) << 2);
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  for (let p = a; p < end; p += 32) {
    s0 = f32x4.add(s0, v128.load(p));
    s1 = f32x4.add(s1, v128.load(p, 16));
  }
  const k = <f32>(Lanes.sum(f32x4.add(s0, s1)) / <f64>count);
  const center = f32x4.splat(k);
  s0 = f32x4.splat(0);
  s1 = f32x4.splat(0);
  let q0 = f32x4.splat(0);
  let q1 = f32x4.splat(0);
  for (let p = a; p < end; p += 32) {
    const d0 = f32x4.sub(v128.load(p), center);
    const d1 = f32x4.sub(v128.load(p, 16), center);
    s0 = f32x4.add(s0, d0);
    s1 = f32x4.add(s1, d1);
    q0 = f32x4.add(q0, f32x4.mul(d0, d0));
    q1 = f32x4.add(q1, f32x4.mul(d1, d1));
  }
  const sum = Lanes.sum(f32x4.add(s0, s1));
  const squares = Lanes.sum(f32x4.add(q0, q1));
  if (isFinite(squares))
    addSums(channel, sum + <f64>count * <f64>k, squares + <f64>k * (2 * sum + <f64>count * <f64>k));
  else sumColumn(a, a, count, 4, channel);
}

/** The sums of four channels that are neighbours in each row. */
function sumFourColumns(a: usize, b: usize, rows: i32, stride: usize, channel: i32): void {
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let q0 = f64x2.splat(0);
  let q1 = f64x2.splat(0);
  for (; rows > 0; --rows) {
    const v = v128.load(a);
    const w = v128.load(b);
    const low = Lanes.low(v);
    const high = Lanes.high(v);
    s0 = f64x2.add(s0, low);
    s1 = f64x2.add(s1, high);
    q0 = f64x2.add(q0, f64x2.mul(low, Lanes.low(w)));
    q1 = f64x2.add(q1, f64x2.mul(high, Lanes.high(w)));
    a += stride;
    b += stride;
  }
  v128.store(Block.sum(channel), s0);
  v128.store(Block.sum(channel), s1, 16);
  v128.store(Block.product(channel), q0);
  v128.store(Block.product(channel), q1, 16);
}

function sumColumn(a: usize, b: usize, count: i32, stride: usize, channel: i32): void {
  let sum: f64 = 0;
  let product: f64 = 0;
  for (; count > 0; --count) {
    const value = <f64>load<f32>(a);
    sum += value;
    product += value * <f64>load<f32>(b);
    a += stride;
    b += stride;
  }
  addSums(channel, sum, product);
}

export function addSums(channel: i32, sum: f64, product: f64): void {
  store<f64>(Block.sum(channel), load<f64>(Block.sum(channel)) + sum);
  store<f64>(Block.product(channel), load<f64>(Block.product(channel)) + product);
}

/**
 * y = op(a, b, the block's parameters of the channel, negativeSlope). Images are taken from the last to the first: the last is
 * still in the cache.
 */
export function mapBlock<Op>(
  a: usize,
  b: usize,
  y: usize,
  n: i32,
  channels: i32,
  inner: i32,
  first: i32,
  size: i32,
  negativeSlope: f32,
): void {
  const plane = (<usize>inner) << 2;
  for (let image = n - 1; image >= 0; --image) {
    let at = (<usize>(image * channels) + <usize>first) * plane;
    if (inner == 1) mapRow<Op>(a + at, b + at, y + at, size, negativeSlope);
    else {
      for (let i = 0; i < size; ++i) {
        mapPlane<Op>(a + at, b + at, y + at, inner, i, negativeSlope);
        at += plane;
      }
    }
  }
}

export function mapPlane<Op>(a: usize, b: usize, y: usize, count: i32, channel: i32, negativeSlope: f32): void {
  const op = changetype<Op>(0);
  const c = v128.load32_splat(Block.center(channel));
  const multiplier = v128.load32_splat(Block.multiplier(channel));
  const offset = v128.load32_splat(Block.offset(channel));
  const coefficient = v128.load32_splat(Block.coefficient(channel));
  const constant = v128.load32_splat(Block.constant(channel));
  const l = f32x4.splat(negativeSlope);
  for (; count >= 8; count -= 8) {
    const a0 = v128.load(a);
    const a1 = v128.load(a, 16);
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    v128.store(y, op.apply(a0, b0, c, multiplier, offset, coefficient, constant, l));
    v128.store(y, op.apply(a1, b1, c, multiplier, offset, coefficient, constant, l), 16);
    a += 32;
    b += 32;
    y += 32;
  }
  for (; count > 0; --count) {
    Lanes.storeOne(y, op.apply(Lanes.one(a), Lanes.one(b), c, multiplier, offset, coefficient, constant, l));
    a += 4;
    b += 4;
    y += 4;
  }
}

/** One value of each channel of the block. */
function mapRow<Op>(a: usize, b: usize, y: usize, size: i32, negativeSlope: f32): void {
  const op = changetype<Op>(0);
  let c = Block.center(0);
  let multiplier = Block.multiplier(0);
  let offset = Block.offset(0);
  let coefficient = Block.coefficient(0);
  let constant = Block.constant(0);
  const l = f32x4.splat(negativeSlope);
  for (; size >= 4; size -= 4) {
    const result = op.apply(
      v128.load(a),
      v128.load(b),
      v128.load(c),
      v128.load(multiplier),
      v128.load(offset),
      v128.load(coefficient),
      v128.load(constant),
      l,
    );
    v128.store(y, result);
    a += 16;
    b += 16;
    y += 16;
    c += 16;
    multiplier += 16;
    offset += 16;
    coefficient += 16;
    constant += 16;
  }
  for (; size > 0; --size) {
    const result = op.apply(
      Lanes.one(a),
      Lanes.one(b),
      Lanes.one(c),
      Lanes.one(multiplier),
      Lanes.one(offset),
      Lanes.one(coefficient),
      Lanes.one(constant),
      l,
    );
    Lanes.storeOne(y, result);
    a += 4;
    b += 4;
    y += 4;
    c += 4;
    multiplier += 4;
    offset += 4;
    coefficient += 4;
    constant += 4;
  }
}

/** Updates the averages and the factor: factor = fraction·factor + 1. A piece is a channel; the first one updates the factor. */
export function batchNormAverage(
  from: i32,
  to: i32,
  mean: usize,
  variance: usize,
  runningMean: usize,
  runningVariance: usize,
  factor: usize,
  fraction: f32,
  correction: f32,
): void {
  if (from == 0) store<f32>(factor, fraction * load<f32>(factor) + 1);
  for (let at = (<usize>from) << 2; at < (<usize>to) << 2; at += 4) {
    store<f32>(runningMean + at, fraction * load<f32>(runningMean + at) + load<f32>(mean + at));
    const spread = fraction * load<f32>(runningVariance + at) + correction * load<f32>(variance + at);
    store<f32>(runningVariance + at, spread);
  }
}

/** A piece is a channel. */
export function batchNormGlobal(
  from: i32,
  to: i32,
  runningMean: usize,
  runningVariance: usize,
  factor: usize,
  mean: usize,
  variance: usize,
): void {
  const given = load<f32>(factor);
  const scale: f64 = given == 0 ? 0 : 1 / <f64>given;
  for (let at = (<usize>from) << 2; at < (<usize>to) << 2; at += 4) {
    store<f32>(mean + at, <f32>(scale * <f64>load<f32>(runningMean + at)));
    store<f32>(variance + at, <f32>(scale * <f64>load<f32>(runningVariance + at)));
  }
}
