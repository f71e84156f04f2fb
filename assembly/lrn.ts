import { Four, One } from "./lanes";
import { Power, powerScratch } from "./power";
import { workspace } from "./workspace";

// Local response normalization across channels of x (n, channels, inner). A piece is a position, counted through
// all images. A few positions are computed at a time, for all channels. Each window is summed from scratch, since a running
// sum would accumulate rounding errors.

/** The most positions that are computed at a time. */
const chunk: i32 = 256;

/** Scratch bytes `lrnBackward` needs for each channel. */
export const lrnScratch: usize = 4 * <usize>chunk;

/** scale^−¾ by roots: beta is ¾ in every published net. */
@unmanaged
class ThreeQuarters {
  @inline
  of(scale: v128): v128 {
    const root = f32x4.sqrt(scale);
    return f32x4.div(f32x4.splat(1), f32x4.mul(root, f32x4.sqrt(root)));
  }
}

/** scale to any other power, whose constants are prepared in the workspace. */
@unmanaged
class AnyPower {
  @inline
  of(scale: v128): v128 {
    return Power.four(scale, workspace);
  }
}

export function lrn(
  from: i32,
  to: i32,
  x: usize,
  scale: usize,
  y: usize,
  channels: i32,
  inner: i32,
  size: i32,
  alpha: f32,
  beta: f32,
  k: f32,
): void {
  const share = alpha / <f32>size;
  if (beta == 0.75) return normalize<ThreeQuarters>(from, to, x, scale, y, channels, inner, size, share, k);
  Power.prepare(workspace, -beta);
  normalize<AnyPower>(from, to, x, scale, y, channels, inner, size, share, k);
}

function normalize<Op>(
  from: i32,
  to: i32,
  x: usize,
  scale: usize,
  y: usize,
  channels: i32,
  inner: i32,
  size: i32,
  share: f32,
  k: f32,
): void {
  const reach = (size - 1) >> 1;
  const stride = (<usize>inner) << 2;
  for (let position = from; position < to; ) {
    const column = position % inner;
    const count = min(min(chunk, inner - column), to - position);
    const bytes = (<usize>count) << 2;
    const wide = bytes & ~63;
    const four = bytes & ~15;
    const at = (<usize>(position / inner) * <usize>channels * <usize>inner + <usize>column) << 2;
    for (let channel = 0; channel < channels; ++channel) {
      const low = max(0, channel - reach);
      const rows = min(channels - 1, channel + reach) - low + 1;
      const row = at + <usize>channel * stride;
      const window = x + at + <usize>low * stride;
      normalizeWide<Op>(window, rows, stride, x + row, scale + row, y + row, wide, share, k);
      normalizeRow<Four, Op>(window, rows, stride, x + row, scale + row, y + row, wide, four, 16, share, k);
      normalizeRow<One, Op>(window, rows, stride, x + row, scale + row, y + row, four, bytes, 4, share, k);
    }
    position += count;
  }
}

/** One channel at some positions, addresses `from` to `to`; `window` is the first of `rows` channels around it. */
function normalizeRow<Lane, Op>(
  window: usize,
  rows: i32,
  stride: usize,
  x: usize,
  scale: usize,
  y: usize,
  from: usize,
  to: usize,
  step: usize,
  share: f32,
  k: f32,
): void {
  const lane = changetype<Lane>(0);
  const op = changetype<Op>(0);
  for (let i = from; i < to; i += step) {
    let sum = f32x4.splat(0);
    let p = window + i;
    for (let row = rows; row > 0; --row) {
      const v = lane.load(p);
      sum = f32x4.add(sum, f32x4.mul(v, v));
      p += stride;
    }
    const s = f32x4.add(f32x4.splat(k), f32x4.mul(f32x4.splat(share), sum));
    lane.store(scale + i, s);
    lane.store(y + i, f32x4.mul(lane.load(x + i), op.of(s)));
  }
}

/** `normalizeRow` for sixteen positions at a time, side by side. */
function normalizeWide<Op>(
  window: usize,
  rows: i32,
  stride: usize,
  x: usize,
  scale: usize,
  y: usize,
  to: usize,
  share: f32,
  k: f32,
): void {
  const op = changetype<Op>(0);
  const part = f32x4.splat(share);
  const base = f32x4.splat(k);
  for (let i: usize = 0; i < to; i += 64) {
    let s = f32x4.splat(0);
    let t = s;
    let u = s;
    let v = s;
    let p = window + i;
    for (let row = rows; row > 0; --row) {
      const a = v128.load(p);
      const b = v128.load(p, 16);
      const c = v128.load(p, 32);
      const d = v128.load(p, 48);
      s = f32x4.add(s, f32x4.mul(a, a));
      t = f32x4.add(t, f32x4.mul(b, b));
      u = f32x4.add(u, f32x4.mul(c, c));
      v = f32x4.add(v, f32x4.mul(d, d));
      p += stride;
    }
    s = f32x4.add(base, f32x4.mul(part, s));
    t = f32x4.add(base, f32x4.mul(part, t));
    u = f32x4.add(base, f32x4.mul(part, u));
    v = f32x4.add(base, f32x4.mul(part, v));
    const a = f32x4.mul(v128.load(x + i), op.of(s));
    const b = f32x4.mul(v128.load(x + i, 16), op.of(t));
    const c = f32x4.mul(v128.load(x + i, 32), op.of(u));
    const d = f32x4.mul(v128.load(x + i, 48), op.of(v));
    v128.store(scale + i, s);
    v128.store(scale + i, t, 16);
    v128.store(scale + i, u, 32);
    v128.store(scale + i, v, 48);
    v128.store(y + i, a);
    v128.store(y + i, b, 16);
    v128.store(y + i, c, 32);
    v128.store(y + i, d, 48);
  }
}

export function lrnBackward(
  from: i32,
  to: i32,
  x: usize,
  y: usize,
  scale: usize,
  dy: usize,
  dx: usize,
  channels: i32,
  inner: i32,
  size: i32,
  alpha: f32,
  beta: f32,
): void {
  const share = (<f32>2 * alpha * beta) / <f32>size;
  if (beta == 0.75) return gradient<ThreeQuarters>(from, to, x, y, scale, dy, dx, channels, inner, size, share);
  Power.prepare(workspace, -beta);
  gradient<AnyPower>(from, to, x, y, scale, dy, dx, channels, inner, size, share);
}

function gradient<Op>(
  from: i32,
  to: i32,
  x: usize,
  y: usize,
  scale: usize,
  dy: usize,
  dx: usize,
  channels: i32,
  inner: i32,
  size: i32,
  share: f32,
): void {
  const scratch = workspace + powerScratch;
  const reach = (size - 1) >> 1;
  const stride = (<usize>inner) << 2;
  for (let position = from; position < to; ) {
    const column = position % inner;
    const count = min(min(chunk, inner - column), to - position);
    const bytes = (<usize>count) << 2;
    const four = bytes & ~15;
    const at = (<usize>(position / inner) * <usize>channels * <usize>inner + <usize>column) << 2;
    // dy·y/scale of all channels comes first, since dx may be dy.
    for (let channel = 0; channel < channels; ++channel) {
      const row = at + <usize>channel * stride;
      const ratios = scratch + <usize>channel * lrnScratch;
      ratioRow<Four>(dy + row, y + row, scale + row, ratios, 0, four, 16);
      ratioRow<One>(dy + row, y + row, scale + row, ratios, four, bytes, 4);
    }
    for (let channel = 0; channel < channels; ++channel) {
      const low = max(0, channel - reach);
      const rows = min(channels - 1, channel + reach) - low + 1;
      const window = scratch + <usize>low * lrnScratch;
      const row = at + <usize>channel * stride;
      gradientRow<Four, Op>(window, rows, x + row, scale + row, dy + row, dx + row, 0, four, 16, share);
      gradientRow<One, Op>(window, rows, x + row, scale + row, dy + row, dx + row, four, bytes, 4, share);
    }
    position += count;
  }
}

function ratioRow<Lane>(dy: usize, y: usize, scale: usize, ratios: usize, from: usize, to: usize, step: usize): void {
  const lane = changetype<Lane>(0);
  for (let i = from; i < to; i += step) {
    const ratio = f32x4.div(f32x4.mul(lane.load(dy + i), lane.load(y + i)), lane.load(scale + i));
    lane.store(ratios + i, ratio);
  }
}

/** One channel at some positions; `window` is the first of `rows` channels of ratios around it. */
function gradientRow<Lane, Op>(
  window: usize,
  rows: i32,
  x: usize,
  scale: usize,
  dy: usize,
  dx: usize,
  from: usize,
  to: usize,
  step: usize,
  share: f32,
): void {
  const lane = changetype<Lane>(0);
  for (let i = from; i < to; i += step) {
    let sum = f32x4.splat(0);
    let p = window + i;
    for (let row = rows; row > 0; --row) {
      sum = f32x4.add(sum, lane.load(p));
      p += lrnScratch;
    }
    const direct = f32x4.mul(lane.load(dy + i), changetype<Op>(0).of(lane.load(scale + i)));
    const around = f32x4.mul(f32x4.mul(f32x4.splat(share), lane.load(x + i)), sum);
    lane.store(dx + i, f32x4.sub(direct, around));
  }
}
