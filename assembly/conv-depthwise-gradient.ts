import { Geometry } from "./conv-geometry";
import { Band } from "./depthwise-band";
import { Lanes } from "./lanes";
import { copyRun } from "./run";

// The gradients of a depthwise 3×3 convolution, in the order in which conv-depthwise.ts computes its outputs.

/** The most values that are added up in single precision, four at a time. */
const chunk: i32 = 64;

/** dw += the gradient for w. `top` is the padding above; `band` output rows are processed at a time. A piece is an output. */
export function convDepthwiseBackwardWeights(
  from: i32,
  to: i32,
  x: usize,
  dy: usize,
  dw: usize,
  top: i32,
  band: i32,
): void {
  const g = Geometry.current;
  const outputs = g.group * g.outputs;
  const width = g.outputWidth;
  const staged = Band.make(g.scratch, g.inputWidth, g.inputRows, g.pad, g.stride, (band - 1) * g.stride + 3);
  const sums = staged.constants;
  // Two masks: one for the last four columns without those counted before, and one for all four columns.
  const masks = sums + 80;
  for (let lane = 0; lane < 4; ++lane) store<i32>(masks + (lane << 2), lane < (-width & 3) ? 0 : -1);
  v128.store(masks, i32x4.splat(-1), 16);
  for (let output = from; output < to; ++output) {
    memory.fill(sums, 0, 9 * 8);
    for (let image = 0; image < g.n; ++image) {
      const input = x + g.inputPlane * <usize>(image * g.group + output / g.outputs);
      const source = dy + g.outputPlane * <usize>(image * outputs + output);
      for (let row = 0; row < g.outputRows; row += band) {
        const rows = min(band, g.outputRows - row);
        staged.stage(input, row * g.stride - top, (rows - 1) * g.stride + 3);
        correlateBand(staged, source + ((<usize>(row * width)) << 2), width, rows, masks, sums);
      }
    }
    const target = dw + <usize>(output * 36);
    for (let tap: usize = 0; tap < 9; ++tap) {
      const at = target + (tap << 2);
      store<f32>(at, <f32>(<f64>load<f32>(at) + load<f64>(sums + (tap << 3))));
    }
  }
}

/** Adds the products of each gradient with its nine inputs to nine sums. */
function correlateBand(band: Band, dy: usize, width: i32, rows: i32, masks: usize, sums: usize): void {
  const step = (<usize>width) << 2;
  const many = (<usize>max(1, chunk / rows)) << 4;
  for (let at: usize = 0; at < step; at += many) {
    const end = min(step, at + many);
    if (band.stride == 1) correlateDense(band.rows, band.pitch, dy, step, rows, at, end, masks, sums);
    else correlateApart(band.rows, band.half, dy, step, rows, at, end, masks, sums);
  }
}

/** The sums for stride 1 and columns [at, end), in bytes. */
function correlateDense(
  x: usize,
  pitch: usize,
  dy: usize,
  step: usize,
  rows: i32,
  at: usize,
  end: usize,
  masks: usize,
  sums: usize,
): void {
  const zero = f32x4.splat(0);
  const last = step - 16;
  let a0 = zero;
  let a1 = zero;
  let a2 = zero;
  let b0 = zero;
  let b1 = zero;
  let b2 = zero;
  let c0 = zero;
  let c1 = zero;
  let c2 = zero;
  for (; at < end; at += 16) {
    const mask = at > last ? masks : masks + 16;
    let p = x + min(at, last);
    let q = dy + min(at, last);
    // The gradients one row and two rows above.
    let near = zero;
    let far = zero;
    for (let row = 0; row < rows; ++row) {
      const d = v128.and(v128.load(q), v128.load(mask));
      const u = v128.load(p);
      const v = v128.load(p, 4);
      const w = v128.load(p, 8);
      a0 = Lanes.madd(d, u, a0);
      a1 = Lanes.madd(d, v, a1);
      a2 = Lanes.madd(d, w, a2);
      b0 = Lanes.madd(near, u, b0);
      b1 = Lanes.madd(near, v, b1);
      b2 = Lanes.madd(near, w, b2);
      c0 = Lanes.madd(far, u, c0);
      c1 = Lanes.madd(far, v, c1);
      c2 = Lanes.madd(far, w, c2);
      far = near;
      near = d;
      p += pitch;
      q += step;
    }
    let u = v128.load(p);
    let v = v128.load(p, 4);
    let w = v128.load(p, 8);
    b0 = Lanes.madd(near, u, b0);
    b1 = Lanes.madd(near, v, b1);
    b2 = Lanes.madd(near, w, b2);
    c0 = Lanes.madd(far, u, c0);
    c1 = Lanes.madd(far, v, c1);
    c2 = Lanes.madd(far, w, c2);
    p += pitch;
    u = v128.load(p);
    v = v128.load(p, 4);
    w = v128.load(p, 8);
    c0 = Lanes.madd(near, u, c0);
    c1 = Lanes.madd(near, v, c1);
    c2 = Lanes.madd(near, w, c2);
  }
  addSums(sums, a0, a1, a2);
  addSums(sums + 24, b0, b1, b2);
  addSums(sums + 48, c0, c1, c2);
}

/** `correlateDense` for stride 2. */
function correlateApart(
  x: usize,
  half: usize,
  dy: usize,
  step: usize,
  rows: i32,
  at: usize,
  end: usize,
  masks: usize,
  sums: usize,
): void {
  const zero = f32x4.splat(0);
  const last = step - 16;
  let a0 = zero;
  let a1 = zero;
  let a2 = zero;
  let b0 = zero;
  let b1 = zero;
  let b2 = zero;
  let c0 = zero;
  let c1 = zero;
  let c2 = zero;
  for (; at < end; at += 16) {
    const mask = at > last ? masks : masks + 16;
    let p = x + min(at, last);
    let q = dy + min(at, last);
    let near = zero;
    for (let row = 0; row < rows; ++row) {
      const d = v128.and(v128.load(q), v128.load(mask));
      const u = v128.load(p);
      const v = v128.load(p + half);
      const w = v128.load(p, 4);
      a0 = Lanes.madd(d, u, a0);
      a1 = Lanes.madd(d, v, a1);
      a2 = Lanes.madd(d, w, a2);
      c0 = Lanes.madd(near, u, c0);
      c1 = Lanes.madd(near, v, c1);
      c2 = Lanes.madd(near, w, c2);
      p += 2 * half;
      b0 = Lanes.madd(d, v128.load(p), b0);
      b1 = Lanes.madd(d, v128.load(p + half), b1);
      b2 = Lanes.madd(d, v128.load(p, 4), b2);
      near = d;
      p += 2 * half;
      q += step;
    }
    c0 = Lanes.madd(near, v128.load(p), c0);
    c1 = Lanes.madd(near, v128.load(p + half), c1);
    c2 = Lanes.madd(near, v128.load(p, 4), c2);
  }
  addSums(sums, a0, a1, a2);
  addSums(sums + 24, b0, b1, b2);
  addSums(sums + 48, c0, c1, c2);
}

/** Adds the sums of three vectors to three f64. */
function addSums(sums: usize, u: v128, v: v128, w: v128): void {
  const low = f64x2.add(Lanes.low(u), Lanes.high(u));
  const high = f64x2.add(Lanes.low(v), Lanes.high(v));
  const two = f64x2.add(v128.shuffle<f64>(low, high, 0, 2), v128.shuffle<f64>(low, high, 1, 3));
  v128.store(sums, f64x2.add(v128.load(sums), two));
  store<f64>(sums, load<f64>(sums, 16) + Lanes.sum(w), 16);
}

/**
 * dx = wᵀ ∗ dy for a stride of 2 and padding of 1 both ways; for a stride of 1 `convDepthwise` computes it, with `transposed`.
 * An even row of dx uses the middle taps of one row of dy; an odd row uses the last taps of one row and the first taps of the next.
 * The same holds for columns. `band` rows of dy are processed at a time. A piece is an input plane of an image.
 */
export function convDepthwiseBackwardData(
  from: i32,
  to: i32,
  dy: usize,
  w: usize,
  dx: usize,
  _top: i32,
  band: i32,
): void {
  const g = Geometry.current;
  const staged = Band.make(g.scratch, g.outputWidth, g.outputRows, 0, 1, band + 1);
  const taps = staged.constants;
  const step = (<usize>g.inputWidth) << 2;
  for (let plane = from; plane < to; ++plane) {
    const own = w + <usize>((plane % g.group) * 36);
    for (let tap: usize = 0; tap < 9; ++tap) v128.store(taps + (tap << 4), v128.load32_splat(own + (tap << 2)));
    const source = dy + g.outputPlane * <usize>plane;
    const target = dx + g.inputPlane * <usize>plane;
    for (let row = 0; row < g.outputRows; row += band) {
      const rows = min(2 * band, g.inputRows - 2 * row);
      staged.stage(source, row, ((rows + 1) >> 1) + 1);
      const place = target + <usize>(2 * row) * step;
      for (let column = 0; column < g.inputWidth; column += 8) {
        const count = min(8, g.inputWidth - column);
        const at = (<usize>column) << 2;
        spread(staged.rows + (at >> 1), staged.pitch, taps, place + at, step, rows, count);
      }
    }
  }
}

/** Computes up to eight columns of dx from four columns of dy. */
function spread(dy: usize, pitch: usize, k: usize, dx: usize, step: usize, rows: i32, count: i32): void {
  const a0 = v128.load(k);
  const a1 = v128.load(k, 16);
  const a2 = v128.load(k, 32);
  const b0 = v128.load(k, 48);
  const b1 = v128.load(k, 64);
  const b2 = v128.load(k, 80);
  const c0 = v128.load(k, 96);
  const c1 = v128.load(k, 112);
  const c2 = v128.load(k, 128);
  let here = v128.load(dy);
  let ahead = v128.load(dy, 4);
  for (; rows > 0; rows -= 2) {
    const odd = f32x4.add(f32x4.mul(b2, here), f32x4.mul(b0, ahead));
    storeMixed(f32x4.mul(b1, here), odd, dx, count);
    dx += step;
    if (rows == 1) return;
    dy += pitch;
    const below = v128.load(dy);
    const across = v128.load(dy, 4);
    const first = f32x4.add(f32x4.mul(c1, here), f32x4.mul(a1, below));
    const second = f32x4.add(f32x4.mul(c2, here), f32x4.mul(c0, ahead));
    storeMixed(first, f32x4.add(second, f32x4.add(f32x4.mul(a2, below), f32x4.mul(a0, across))), dx, count);
    dx += step;
    here = below;
    ahead = across;
  }
}

/** Stores even and odd columns alternately: eight, or the first `count` of them. */
function storeMixed(even: v128, odd: v128, y: usize, count: i32): void {
  const low = v128.shuffle<f32>(even, odd, 0, 4, 1, 5);
  const high = v128.shuffle<f32>(even, odd, 2, 6, 3, 7);
  if (count == 8) {
    v128.store(y, low);
    v128.store(y, high, 16);
    return;
  }
  if (count >= 4) v128.store(y, low);
  let rest = count >= 4 ? high : low;
  y += (<usize>(count & 4)) << 2;
  for (count &= 3; count > 0; --count) {
    Lanes.storeOne(y, rest);
    rest = v128.shuffle<f32>(rest, rest, 1, 2, 3, 3);
    y += 4;
  }
}
