import { Lanes } from "./lanes";
import { Power } from "./power";
import { workspace } from "./workspace";

// Local response normalization across channels of x (n, channels, inner). A piece is a position of an image, counted
// through all images. A few positions are taken at a time, through all channels. Windows are summed anew for each
// channel, as a running sum would drift.

/** Positions taken at a time, at most. */
const chunk: i32 = 64;

/** Scratch bytes `lrnBackward` needs for each channel. */
export const lrnScratch: usize = 4 * <usize>chunk;

/** Four neighbours, or only the first of them. */
@unmanaged
class Four {
  @inline
  load(address: usize): v128 {
    return v128.load(address);
  }

  @inline
  store(address: usize, v: v128): void {
    v128.store(address, v);
  }
}

@unmanaged
class One {
  @inline
  load(address: usize): v128 {
    return Lanes.one(address);
  }

  @inline
  store(address: usize, v: v128): void {
    Lanes.storeOne(address, v);
  }
}

/** scale^−beta; with roots only where beta is that of every published net */
function negativePower(scale: v128, beta: f32): v128 {
  if (beta != 0.75) return Power.four(scale, -beta);
  const root = f32x4.sqrt(scale);
  return f32x4.div(f32x4.splat(1), f32x4.mul(root, f32x4.sqrt(root)));
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
  const reach = (size - 1) >> 1;
  const stride = (<usize>inner) << 2;
  for (let position = from; position < to; ) {
    const column = position % inner;
    const count = min(min(chunk, inner - column), to - position);
    const bytes = (<usize>count) << 2;
    const four = bytes & ~15;
    const at = (<usize>(position / inner) * <usize>channels * <usize>inner + <usize>column) << 2;
    for (let channel = 0; channel < channels; ++channel) {
      const low = max(0, channel - reach);
      const rows = min(channels - 1, channel + reach) - low + 1;
      const row = at + <usize>channel * stride;
      const window = x + at + <usize>low * stride;
      normalizeRow<Four>(window, rows, stride, x + row, scale + row, y + row, 0, four, 16, share, beta, k);
      normalizeRow<One>(window, rows, stride, x + row, scale + row, y + row, four, bytes, 4, share, beta, k);
    }
    position += count;
  }
}

/** One channel at some positions, addresses `from` to `to`; `window` is the first of `rows` channels around it. */
function normalizeRow<Lane>(
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
  beta: f32,
  k: f32,
): void {
  const lane = changetype<Lane>(0);
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
    lane.store(y + i, f32x4.mul(lane.load(x + i), negativePower(s, beta)));
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
  const reach = (size - 1) >> 1;
  const stride = (<usize>inner) << 2;
  for (let position = from; position < to; ) {
    const column = position % inner;
    const count = min(min(chunk, inner - column), to - position);
    const bytes = (<usize>count) << 2;
    const four = bytes & ~15;
    const at = (<usize>(position / inner) * <usize>channels * <usize>inner + <usize>column) << 2;
    // First dy·y/scale of all channels, as dx may be dy.
    for (let channel = 0; channel < channels; ++channel) {
      const row = at + <usize>channel * stride;
      const ratios = workspace + <usize>channel * lrnScratch;
      ratioRow<Four>(dy + row, y + row, scale + row, ratios, 0, four, 16);
      ratioRow<One>(dy + row, y + row, scale + row, ratios, four, bytes, 4);
    }
    for (let channel = 0; channel < channels; ++channel) {
      const low = max(0, channel - reach);
      const rows = min(channels - 1, channel + reach) - low + 1;
      const window = workspace + <usize>low * lrnScratch;
      const row = at + <usize>channel * stride;
      gradientRow<Four>(window, rows, x + row, scale + row, dy + row, dx + row, 0, four, 16, share, beta);
      gradientRow<One>(window, rows, x + row, scale + row, dy + row, dx + row, four, bytes, 4, share, beta);
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
function gradientRow<Lane>(
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
  beta: f32,
): void {
  const lane = changetype<Lane>(0);
  for (let i = from; i < to; i += step) {
    let sum = f32x4.splat(0);
    let p = window + i;
    for (let row = rows; row > 0; --row) {
      sum = f32x4.add(sum, lane.load(p));
      p += lrnScratch;
    }
    const direct = f32x4.mul(lane.load(dy + i), negativePower(lane.load(scale + i), beta));
    const around = f32x4.mul(f32x4.mul(f32x4.splat(share), lane.load(x + i)), sum);
    lane.store(dx + i, f32x4.sub(direct, around));
  }
}
