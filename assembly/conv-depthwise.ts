import { Geometry } from "./conv-geometry";
import { Finish } from "./finish";
import { Lanes } from "./lanes";
import { copyRun } from "./run";

// Depthwise convolution 3×3 (one input channel in a group) with rows that are neighbours and a stride of 1 or 2 along
// them. Input rows are copied once, with zeros around them, to four places that take turns, so that there are no edges;
// then four outputs at a time see nine vectors. Outputs must have four columns or more. The table of each call is its
// geometry.

/** The input values that four neighbouring outputs see with their first, second and third tap. */
@unmanaged
class Dense {
  @inline
  first(p: usize): v128 {
    return v128.load(p);
  }

  @inline
  second(p: usize): v128 {
    return v128.load(p, 4);
  }

  @inline
  third(p: usize): v128 {
    return v128.load(p, 8);
  }
}

@unmanaged
class EverySecond {
  @inline
  first(p: usize): v128 {
    return v128.shuffle<f32>(v128.load(p), v128.load(p, 16), 0, 2, 4, 6);
  }

  @inline
  second(p: usize): v128 {
    return v128.shuffle<f32>(v128.load(p), v128.load(p, 16), 1, 3, 5, 7);
  }

  @inline
  third(p: usize): v128 {
    return v128.shuffle<f32>(v128.load(p, 8), v128.load(p, 24), 0, 2, 4, 6);
  }
}

/** Scratch memory: nine weights, bias and leak as vectors; a row of zeros; four input rows; a row of outputs. */
@unmanaged
class Rows {
  @inline
  static weights(g: Geometry): usize {
    return g.scratch;
  }

  /** Bytes of a row: with its padding and, behind it, as many zeros as vectors may reach. */
  @inline
  static bytes(g: Geometry): usize {
    return (<usize>(g.inputWidth + 2 * g.pad + 16)) << 2;
  }

  @inline
  static zeros(g: Geometry): usize {
    return g.scratch + 256;
  }

  @inline
  static place(g: Geometry, row: i32): usize {
    return Rows.zeros(g) + <usize>(1 + (row & 3)) * Rows.bytes(g);
  }

  @inline
  static outputs(g: Geometry): usize {
    return Rows.zeros(g) + 5 * Rows.bytes(g);
  }

  static clear(g: Geometry): void {
    memory.fill(Rows.zeros(g), 0, 6 * Rows.bytes(g));
  }

  /** Copies input rows [from, to) of a plane to their places. */
  static stage(g: Geometry, x: usize, from: i32, to: i32): void {
    const bytes = (<usize>g.inputWidth) << 2;
    for (let row = from; row < to; ++row) {
      copyRun(x + <usize>row * bytes, 1, Rows.place(g, row) + ((<usize>g.pad) << 2), g.inputWidth);
    }
  }

  /** Where the input row that this tap meets was copied to; zeros in the padding. */
  @inline
  static met(g: Geometry, tap: i32, row: i32): usize {
    const inputRow = g.inputRow(tap, row);
    return inputRow < 0 ? Rows.zeros(g) : Rows.place(g, inputRow);
  }

  /** The end of the input rows that are met at an output row. */
  @inline
  static end(g: Geometry, row: i32): i32 {
    return 1 + max(max(g.inputRow(0, row), g.inputRow(1, row)), g.inputRow(2, row));
  }
}

/**
 * y = act(factor·(w ∗ x) + bias), as `Finish` has it, the weights `turned` by 180° or not. A piece is an output plane
 * of an image.
 */
export function convDepthwise(
  from: i32,
  to: i32,
  x: usize,
  w: usize,
  factor: usize,
  bias: usize,
  y: usize,
  leak: f32,
  turned: bool,
): void {
  const g = Geometry.current;
  const outputs = g.group * g.outputs;
  const weights = Rows.weights(g);
  Rows.clear(g);
  for (let plane = from; plane < to; ++plane) {
    const output = plane % outputs;
    const channel = (plane / outputs) * g.group + output / g.outputs;
    const times = Finish.factorOf(factor, output);
    const taps = w + <usize>(output * 36);
    for (let tap: usize = 0; tap < 9; ++tap) {
      const value = load<f32>(taps + ((turned ? 8 - tap : tap) << 2));
      v128.store(weights + (tap << 4), f32x4.splat(times * value));
    }
    v128.store(weights, f32x4.splat(Finish.biasOf(bias, output)), 144);
    v128.store(weights, f32x4.splat(leak), 160);
    const input = x + g.inputPlane * <usize>channel;
    let target = y + g.outputPlane * <usize>plane;
    let staged = 0;
    for (let row = 0; row < g.outputRows; ++row) {
      const end = Rows.end(g, row);
      // Rows that a large stride leaves out are never met.
      Rows.stage(g, input, max(staged, end - 3), end);
      staged = max(staged, end);
      const first = Rows.met(g, 0, row);
      const second = Rows.met(g, 1, row);
      const third = Rows.met(g, 2, row);
      if (g.stride == 1) filterRow<Dense>(first, second, third, weights, target, g.outputWidth, 16);
      else filterRow<EverySecond>(first, second, third, weights, target, g.outputWidth, 32);
      target += (<usize>g.outputWidth) << 2;
    }
  }
}

/** One row of outputs of three of inputs; the last four may be computed twice. */
function filterRow<Columns>(a: usize, b: usize, c: usize, w: usize, y: usize, width: i32, step: usize): void {
  const columns = changetype<Columns>(0);
  const a0 = v128.load(w);
  const a1 = v128.load(w, 16);
  const a2 = v128.load(w, 32);
  const b0 = v128.load(w, 48);
  const b1 = v128.load(w, 64);
  const b2 = v128.load(w, 80);
  const c0 = v128.load(w, 96);
  const c1 = v128.load(w, 112);
  const c2 = v128.load(w, 128);
  const last = <usize>(width - 4);
  const end = y + (last << 2);
  const back = last * (step >> 2);
  const lastA = a + back;
  const lastB = b + back;
  const lastC = c + back;
  for (;;) {
    let s = f32x4.add(v128.load(w, 144), f32x4.mul(a0, columns.first(a)));
    let t = f32x4.mul(b0, columns.first(b));
    let u = f32x4.mul(c0, columns.first(c));
    s = f32x4.add(s, f32x4.mul(a1, columns.second(a)));
    t = f32x4.add(t, f32x4.mul(b1, columns.second(b)));
    u = f32x4.add(u, f32x4.mul(c1, columns.second(c)));
    s = f32x4.add(s, f32x4.mul(a2, columns.third(a)));
    t = f32x4.add(t, f32x4.mul(b2, columns.third(b)));
    u = f32x4.add(u, f32x4.mul(c2, columns.third(c)));
    v128.store(y, Finish.act(f32x4.add(f32x4.add(s, t), u), v128.load(w, 160)));
    if (y == end) return;
    if (y + 16 > end) {
      y = end;
      a = lastA;
      b = lastB;
      c = lastC;
    } else {
      y += 16;
      a += step;
      b += step;
      c += step;
    }
  }
}

/** Values of a row added up in single precision, at most, four at a time. */
const chunk: i32 = 64;

/** dw += the gradient for w. A piece is an output. */
export function convDepthwiseBackwardWeights(from: i32, to: i32, x: usize, dy: usize, dw: usize): void {
  const g = Geometry.current;
  const outputs = g.group * g.outputs;
  const width = g.outputWidth;
  const vectors = (width + 3) >> 2;
  const sums = Rows.weights(g);
  const staged = Rows.outputs(g);
  Rows.clear(g);
  for (let output = from; output < to; ++output) {
    memory.fill(sums, 0, 9 * 8);
    for (let image = 0; image < g.n; ++image) {
      const input = x + g.inputPlane * <usize>(image * g.group + output / g.outputs);
      let source = dy + g.outputPlane * <usize>(image * outputs + output);
      let next = 0;
      for (let row = 0; row < g.outputRows; ++row) {
        const end = Rows.end(g, row);
        Rows.stage(g, input, max(next, end - 3), end);
        next = max(next, end);
        copyRun(source, 1, staged, width);
        const a = Rows.met(g, 0, row);
        const b = Rows.met(g, 1, row);
        const c = Rows.met(g, 2, row);
        for (let vector = 0; vector < vectors; vector += chunk) {
          const count = min(chunk, vectors - vector);
          const from = staged + ((<usize>vector) << 4);
          if (g.stride == 1) {
            const at = (<usize>vector) << 4;
            correlate<Dense>(a + at, b + at, c + at, from, count, 16, sums);
          } else {
            const at = (<usize>vector) << 5;
            correlate<EverySecond>(a + at, b + at, c + at, from, count, 32, sums);
          }
        }
        source += (<usize>width) << 2;
      }
    }
    const target = dw + <usize>(output * 36);
    for (let tap: usize = 0; tap < 9; ++tap) {
      const at = target + (tap << 2);
      store<f32>(at, <f32>(<f64>load<f32>(at) + load<f64>(sums + (tap << 3))));
    }
  }
}

/** Adds the products of outputs' gradients with the nine inputs that each sees to nine sums. */
function correlate<Columns>(a: usize, b: usize, c: usize, dy: usize, count: i32, step: usize, sums: usize): void {
  const columns = changetype<Columns>(0);
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let b0 = a0;
  let b1 = a0;
  let b2 = a0;
  let c0 = a0;
  let c1 = a0;
  let c2 = a0;
  for (; count > 0; --count) {
    const d = v128.load(dy);
    a0 = f32x4.add(a0, f32x4.mul(d, columns.first(a)));
    a1 = f32x4.add(a1, f32x4.mul(d, columns.second(a)));
    a2 = f32x4.add(a2, f32x4.mul(d, columns.third(a)));
    b0 = f32x4.add(b0, f32x4.mul(d, columns.first(b)));
    b1 = f32x4.add(b1, f32x4.mul(d, columns.second(b)));
    b2 = f32x4.add(b2, f32x4.mul(d, columns.third(b)));
    c0 = f32x4.add(c0, f32x4.mul(d, columns.first(c)));
    c1 = f32x4.add(c1, f32x4.mul(d, columns.second(c)));
    c2 = f32x4.add(c2, f32x4.mul(d, columns.third(c)));
    a += step;
    b += step;
    c += step;
    dy += 16;
  }
  addSum(sums, a0, a1);
  addSum(sums + 16, a2, b0);
  addSum(sums + 32, b1, b2);
  addSum(sums + 48, c0, c1);
  store<f64>(sums + 64, load<f64>(sums + 64) + Lanes.sum(c2));
}

/** Adds the sums of two vectors to two f64. */
function addSum(sums: usize, v: v128, w: v128): void {
  const low = f64x2.add(Lanes.low(v), Lanes.high(v));
  const high = f64x2.add(Lanes.low(w), Lanes.high(w));
  const two = f64x2.add(v128.shuffle<f64>(low, high, 0, 2), v128.shuffle<f64>(low, high, 1, 3));
  v128.store(sums, f64x2.add(v128.load(sums), two));
}

/**
 * dx = wᵀ ∗ dy for a stride of 2 and padding of 1 both ways; for a stride of 1 it is `convDepthwise` turned. An even
 * row of dx meets the middle taps of one row of dy, an odd one the last taps of a row and the first of the next;
 * likewise columns. A piece is an input plane of an image.
 */
export function convDepthwiseBackwardData(from: i32, to: i32, dy: usize, w: usize, dx: usize): void {
  const g = Geometry.current;
  const weights = Rows.weights(g);
  const width = (<usize>g.outputWidth) << 2;
  Rows.clear(g);
  for (let plane = from; plane < to; ++plane) {
    const taps = w + <usize>((plane % g.group) * 36);
    for (let tap: usize = 0; tap < 9; ++tap) {
      v128.store(weights + (tap << 4), v128.load32_splat(taps + (tap << 2)));
    }
    const source = dy + g.outputPlane * <usize>plane;
    let target = dx + g.inputPlane * <usize>plane;
    let staged = 0;
    for (let row = 0; row < g.inputRows; ++row) {
      const near = row >> 1;
      const isOdd = (row & 1) != 0;
      const last = min(g.outputRows, near + 1 + (isOdd ? 1 : 0));
      for (; staged < last; ++staged) {
        copyRun(source + <usize>staged * width, 1, Rows.place(g, staged), g.outputWidth);
      }
      const here = Rows.place(g, near);
      const next = isOdd && near + 1 < g.outputRows ? Rows.place(g, near + 1) : Rows.zeros(g);
      spreadRow(here, next, weights + (isOdd ? 96 : 48), weights, target, g.inputWidth, Rows.outputs(g));
      target += (<usize>g.inputWidth) << 2;
    }
  }
}

/** One row of dx of two of dy, each with its three taps; what is left over of eight goes through `buffer`. */
function spreadRow(a: usize, b: usize, v: usize, w: usize, dx: usize, width: i32, buffer: usize): void {
  const a0 = v128.load(v);
  const a1 = v128.load(v, 16);
  const a2 = v128.load(v, 32);
  const b0 = v128.load(w);
  const b1 = v128.load(w, 16);
  const b2 = v128.load(w, 32);
  for (; width > 0; width -= 8) {
    const p = v128.load(a);
    const q = v128.load(b);
    const even = f32x4.add(f32x4.mul(a1, p), f32x4.mul(b1, q));
    const ahead = f32x4.add(f32x4.mul(a0, v128.load(a, 4)), f32x4.mul(b0, v128.load(b, 4)));
    const odd = f32x4.add(f32x4.add(f32x4.mul(a2, p), f32x4.mul(b2, q)), ahead);
    const to = width >= 8 ? dx : buffer;
    v128.store(to, v128.shuffle<f32>(even, odd, 0, 4, 1, 5));
    v128.store(to, v128.shuffle<f32>(even, odd, 2, 6, 3, 7), 16);
    if (width < 8) copyRun(buffer, 1, dx, width);
    a += 16;
    b += 16;
    dx += 32;
  }
}
