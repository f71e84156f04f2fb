import { Geometry } from "./conv-geometry";
import { Band } from "./depthwise-band";
import { Finish } from "./finish";
import { Lanes } from "./lanes";

// Depthwise convolution 3×3 (one input channel in a group) with a stride of 1 or 2 both ways; a stride of 1 may be dilated, the
// same both ways. Outputs must have four columns or more. Four columns of outputs are computed at a time, row by row: three vectors of an
// input row add to the sums of all output rows that use it, which stay in registers. So each row is loaded once, and few
// values are live at a time: WebAssembly's compilers move loads as early as they can, and spill the values that do not
// fit into registers. The table of each call is its geometry.

/** The activation of finished sums, as in `Finish.act`: for a negativeSlope of 1, of 0, and of any value. */
@unmanaged
class Plain {
  @inline
  act(v: v128, _constants: usize): v128 {
    return v;
  }
}

@unmanaged
class Rectified {
  /** v − min(v, 0). `max(v, 0)` would give 0 for −∞, where the definition gives NaN: −∞ times a negativeSlope of 0. */
  @inline
  act(v: v128, _constants: usize): v128 {
    return f32x4.sub(v, f32x4.pmin(v, f32x4.splat(0)));
  }
}

@unmanaged
class Leaky {
  @inline
  act(v: v128, constants: usize): v128 {
    return Finish.act(v, v128.load(constants, 160));
  }
}

class Taps {
  /** sum + a·u + b·v + c·w. Without relaxed SIMD the additions form a shorter dependency chain. */
  @inline
  static add(sum: v128, a: v128, b: v128, c: v128, u: v128, v: v128, w: v128): v128 {
    if (ASC_FEATURE_RELAXED_SIMD) return Lanes.madd(c, w, Lanes.madd(b, v, Lanes.madd(a, u, sum)));
    return f32x4.add(Lanes.madd(a, u, sum), Lanes.madd(c, w, f32x4.mul(b, v)));
  }
}

/**
 * y = act(multiplier·(w ∗ x) + bias), as `Finish` has it; with `transposed` the weights are rotated by 180°. `top` is the
 * padding above; `band` output rows are processed at a time. A piece is an output plane of an image.
 */
export function convDepthwise(
  from: i32,
  to: i32,
  x: usize,
  w: usize,
  multiplier: usize,
  bias: usize,
  y: usize,
  negativeSlope: f32,
  transposed: bool,
  top: i32,
  band: i32,
): void {
  const g = Geometry.current;
  const outputs = g.group * g.outputs;
  const rowBytes = (<usize>g.outputWidth) << 2;
  const staged = Band.make(
    g.scratch,
    g.inputWidth,
    g.inputRows,
    g.pad,
    g.stride,
    (band - 1) * g.stride + 1 + 2 * g.dilation,
  );
  const constants = staged.constants;
  for (let plane = from; plane < to; ++plane) {
    const output = plane % outputs;
    const channel = (plane / outputs) * g.group + output / g.outputs;
    const times = Finish.multiplierOf(multiplier, output);
    const taps = w + <usize>(output * 36);
    for (let tap: usize = 0; tap < 9; ++tap) {
      const value = load<f32>(taps + ((transposed ? 8 - tap : tap) << 2));
      v128.store(constants + (tap << 4), f32x4.splat(times * value));
    }
    v128.store(constants, f32x4.splat(Finish.biasOf(bias, output)), 144);
    v128.store(constants, f32x4.splat(negativeSlope), 160);
    const input = x + g.inputPlane * <usize>channel;
    const target = y + g.outputPlane * <usize>plane;
    for (let row = 0; row < g.outputRows; row += band) {
      const rows = min(band, g.outputRows - row);
      staged.stage(input, row * g.stride - top, (rows - 1) * g.stride + 1 + 2 * g.dilation);
      const place = target + <usize>row * rowBytes;
      if (negativeSlope == 1) filterBand<Plain>(staged, place, g.outputWidth, rows, g.dilation);
      else if (negativeSlope == 0) filterBand<Rectified>(staged, place, g.outputWidth, rows, g.dilation);
      else filterBand<Leaky>(staged, place, g.outputWidth, rows, g.dilation);
    }
  }
}

/** Computes the band's output rows, four columns at a time; the last columns may be computed twice. */
function filterBand<Act>(band: Band, y: usize, width: i32, rows: i32, dilation: i32): void {
  const step = (<usize>width) << 2;
  const last = step - 16;
  for (let at: usize = 0; ; at = min(at + 16, last)) {
    const x = band.rows + at;
    if (dilation > 1) filterDilated<Act>(x, band.pitch, dilation, band.constants, y + at, step, rows);
    else if (band.stride == 1) filterDense<Act>(x, band.pitch, band.constants, y + at, step, rows);
    else filterApart<Act>(x, band.half, band.constants, y + at, step, rows);
    if (at == last) return;
  }
}

/** Stride 1: an input row is the third row of one output row's window, the second of the next's and the first of the one after. */
function filterDense<Act>(x: usize, pitch: usize, k: usize, y: usize, step: usize, rows: i32): void {
  const a0 = v128.load(k);
  const a1 = v128.load(k, 16);
  const a2 = v128.load(k, 32);
  const b0 = v128.load(k, 48);
  const b1 = v128.load(k, 64);
  const b2 = v128.load(k, 80);
  const c0 = v128.load(k, 96);
  const c1 = v128.load(k, 112);
  const c2 = v128.load(k, 128);
  const bias = v128.load(k, 144);
  let u = v128.load(x);
  let v = v128.load(x, 4);
  let w = v128.load(x, 8);
  let sum = Taps.add(bias, a0, a1, a2, u, v, w);
  x += pitch;
  u = v128.load(x);
  v = v128.load(x, 4);
  w = v128.load(x, 8);
  let second = Taps.add(sum, b0, b1, b2, u, v, w);
  let first = Taps.add(bias, a0, a1, a2, u, v, w);
  for (; rows > 0; --rows) {
    x += pitch;
    u = v128.load(x);
    v = v128.load(x, 4);
    w = v128.load(x, 8);
    sum = Taps.add(second, c0, c1, c2, u, v, w);
    second = Taps.add(first, b0, b1, b2, u, v, w);
    first = Taps.add(bias, a0, a1, a2, u, v, w);
    v128.store(y, changetype<Act>(0).act(sum, k));
    y += step;
  }
}

/** Stride 1: the windows of an output row are three vectors of each of three rows, `dilation` values and rows apart. */
function filterDilated<Act>(x: usize, pitch: usize, dilation: i32, k: usize, y: usize, step: usize, rows: i32): void {
  const near = (<usize>dilation) << 2;
  const down = <usize>dilation * pitch;
  const bias = v128.load(k, 144);
  for (; rows > 0; --rows) {
    const second = x + down;
    const third = second + down;
    let sum = bias;
    sum = Taps.add(
      sum,
      v128.load(k),
      v128.load(k, 16),
      v128.load(k, 32),
      v128.load(x),
      v128.load(x + near),
      v128.load(x + 2 * near),
    );
    sum = Taps.add(
      sum,
      v128.load(k, 48),
      v128.load(k, 64),
      v128.load(k, 80),
      v128.load(second),
      v128.load(second + near),
      v128.load(second + 2 * near),
    );
    sum = Taps.add(
      sum,
      v128.load(k, 96),
      v128.load(k, 112),
      v128.load(k, 128),
      v128.load(third),
      v128.load(third + near),
      v128.load(third + 2 * near),
    );
    v128.store(y, changetype<Act>(0).act(sum, k));
    x += pitch;
    y += step;
  }
}

/** Stride 2: an input row is the second row of an output row's window, or the third of one and the first of the next. */
function filterApart<Act>(x: usize, half: usize, k: usize, y: usize, step: usize, rows: i32): void {
  const a0 = v128.load(k);
  const a1 = v128.load(k, 16);
  const a2 = v128.load(k, 32);
  const b0 = v128.load(k, 48);
  const b1 = v128.load(k, 64);
  const b2 = v128.load(k, 80);
  const c0 = v128.load(k, 96);
  const c1 = v128.load(k, 112);
  const c2 = v128.load(k, 128);
  const bias = v128.load(k, 144);
  let sum = Taps.add(bias, a0, a1, a2, v128.load(x), v128.load(x + half), v128.load(x, 4));
  for (; rows > 0; --rows) {
    x += 2 * half;
    sum = Taps.add(sum, b0, b1, b2, v128.load(x), v128.load(x + half), v128.load(x, 4));
    x += 2 * half;
    const u = v128.load(x);
    const v = v128.load(x + half);
    const w = v128.load(x, 4);
    const whole = Taps.add(sum, c0, c1, c2, u, v, w);
    sum = Taps.add(bias, a0, a1, a2, u, v, w);
    v128.store(y, changetype<Act>(0).act(whole, k));
    y += step;
  }
}
