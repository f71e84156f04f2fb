// The transforms of Winograd's F(4×4, 3×3), on the points 0, ±5/8, ±3/2 and ∞. Their errors are a third of those of the
// textbook's points ±1, ±2. Each takes four tiles at a time, side by side in the lanes of a vector.
// Source: Lavin and Gray 2016; the points, Barabasz and others 2020.

import { Finish } from "./finish";
import { Lanes } from "./lanes";

const a: f32 = 0.625;
const b: f32 = 1.5;
const a2: f32 = a * a;
const b2: f32 = b * b;
const a3: f32 = a2 * a;
const b3: f32 = b2 * b;
const product: f32 = a2 * b2;
const sum: f32 = a2 + b2;
const na: f32 = 1 / (2 * a2 * (a2 - b2));
const nb: f32 = 1 / (2 * b2 * (b2 - a2));

/** The one-dimensional transforms, on vectors. */
class Lines {
  @inline
  static add(x: v128, y: v128): v128 {
    return f32x4.add(x, y);
  }

  @inline
  static sub(x: v128, y: v128): v128 {
    return f32x4.sub(x, y);
  }

  @inline
  static mul(x: v128, multiplier: f32): v128 {
    return f32x4.mul(x, f32x4.splat(multiplier));
  }

  /** x·multiplier + y */
  @inline
  static madd(x: v128, multiplier: f32, y: v128): v128 {
    return Lanes.madd(x, f32x4.splat(multiplier), y);
  }

  /** x + y·multiplier and x − y·multiplier, one after the other. */
  @inline
  static both(x: v128, y: v128, multiplier: f32, to: usize, step: usize): void {
    if (ASC_FEATURE_RELAXED_SIMD) {
      v128.store(to, Lines.madd(y, multiplier, x));
      v128.store(to + step, Lines.madd(y, -multiplier, x));
    } else {
      const z = Lines.mul(y, multiplier);
      v128.store(to, Lines.add(x, z));
      v128.store(to + step, Lines.sub(x, z));
    }
  }

  /** Six vectors of the input become six: Bᵀ·d. `to` and what follow it are `step` bytes apart. */
  @inline
  static input6(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, step: usize): void {
    const e = Lines.madd(d2, -b2, d4);
    const f = Lines.madd(d1, -b2, d3);
    const g = Lines.madd(d2, -a2, d4);
    const h = Lines.madd(d1, -a2, d3);
    v128.store(to, Lines.madd(d0, product, Lines.madd(d2, -sum, d4)));
    Lines.both(e, f, a, to + step, step);
    Lines.both(g, h, b, to + 3 * step, step);
    v128.store(to + 5 * step, Lines.madd(d1, product, Lines.madd(d3, -sum, d5)));
  }

  /** Four vectors of a gradient become six: A·dy. */
  @inline
  static gradient6(y0: v128, y1: v128, y2: v128, y3: v128, to: usize, step: usize): void {
    const e = Lines.madd(y2, a2, y0);
    const f = Lines.madd(y1, a, Lines.mul(y3, a3));
    const g = Lines.madd(y2, b2, y0);
    const h = Lines.madd(y1, b, Lines.mul(y3, b3));
    v128.store(to, y0);
    v128.store(to + step, Lines.add(e, f));
    v128.store(to + 2 * step, Lines.sub(e, f));
    v128.store(to + 3 * step, Lines.add(g, h));
    v128.store(to + 4 * step, Lines.sub(g, h));
    v128.store(to + 5 * step, y3);
  }

  /** Three taps become six: G·g. */
  @inline
  static weights6(g0: v128, g1: v128, g2: v128, to: usize, step: usize): void {
    const e = Lines.mul(Lines.add(g0, Lines.mul(g2, a2)), na);
    const f = Lines.mul(g1, a * na);
    const g = Lines.mul(Lines.add(g0, Lines.mul(g2, b2)), nb);
    const h = Lines.mul(g1, b * nb);
    v128.store(to, Lines.mul(g0, 1 / product));
    v128.store(to + step, Lines.add(e, f));
    v128.store(to + 2 * step, Lines.sub(e, f));
    v128.store(to + 3 * step, Lines.add(g, h));
    v128.store(to + 4 * step, Lines.sub(g, h));
    v128.store(to + 5 * step, g2);
  }

  /** Six become the three taps' gradients: Gᵀ·u; vectors are `step` bytes apart on both sides. */
  @inline
  static taps3(from: usize, fromStep: usize, to: usize, step: usize): void {
    const u1 = v128.load(from + fromStep);
    const u2 = v128.load(from + 2 * fromStep);
    const u3 = v128.load(from + 3 * fromStep);
    const u4 = v128.load(from + 4 * fromStep);
    const p = Lines.mul(Lines.add(u1, u2), na);
    const q = Lines.mul(Lines.add(u3, u4), nb);
    v128.store(to, Lines.add(Lines.mul(v128.load(from), 1 / product), Lines.add(p, q)));
    v128.store(to + step, Lines.add(Lines.mul(Lines.sub(u1, u2), a * na), Lines.mul(Lines.sub(u3, u4), b * nb)));
    v128.store(to + 2 * step, Lines.add(Lines.add(Lines.mul(p, a2), Lines.mul(q, b2)), v128.load(from + 5 * fromStep)));
  }

  /** Six become four: Aᵀ·m. */
  @inline
  static output4(from: usize, fromStep: usize, to: usize, step: usize): void {
    const m1 = v128.load(from + fromStep);
    const m2 = v128.load(from + 2 * fromStep);
    const m3 = v128.load(from + 3 * fromStep);
    const m4 = v128.load(from + 4 * fromStep);
    const s = Lines.add(m1, m2);
    const t = Lines.sub(m1, m2);
    const u = Lines.add(m3, m4);
    const v = Lines.sub(m3, m4);
    v128.store(to, Lines.add(Lines.add(v128.load(from), s), u));
    v128.store(to + step, Lines.madd(t, a, Lines.mul(v, b)));
    v128.store(to + 2 * step, Lines.madd(s, a2, Lines.mul(u, b2)));
    v128.store(to + 3 * step, Lines.madd(t, a3, Lines.madd(v, b3, v128.load(from + 5 * fromStep))));
  }
}

/** Bytes of scratch a transform uses. */
export const transformBytes: usize = 2048;

/**
 * Four input tiles of 6×6. Their rows begin at `from` and are `stride` bytes apart; each tile begins in them at the byte that
 * one of four `starts` says. `starts` grow by at most 24, and 24 bytes after the last can be read. The 36 vectors go to
 * `out`, `step` bytes apart.
 */
export function transformInput(
  from: usize,
  starts: usize,
  stride: usize,
  out: usize,
  step: usize,
  scratch: usize,
): void {
  const first = load<u32>(starts);
  const s1 = load<u32>(starts, 4) - first;
  const s2 = load<u32>(starts, 8) - first;
  const s3 = load<u32>(starts, 12) - first;
  from += first;
  for (let q: usize = 0; q < s3 + 24; q += 16) {
    const s = from + q;
    const d0 = v128.load(s);
    const d1 = v128.load(s + stride);
    const d2 = v128.load(s + 2 * stride);
    const d3 = v128.load(s + 3 * stride);
    const d4 = v128.load(s + 4 * stride);
    const d5 = v128.load(s + 5 * stride);
    Lines.input6(d0, d1, d2, d3, d4, d5, scratch + q, 96);
  }
  for (let i: usize = 0; i < 6; ++i) {
    const w = scratch + i * 96;
    const r0 = v128.load(w);
    const r1 = v128.load(w + s1);
    const r2 = v128.load(w + s2);
    const r3 = v128.load(w + s3);
    const x0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const x1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const x2 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const x3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    const d0 = v128.shuffle<f64>(x0, x2, 0, 2);
    const d1 = v128.shuffle<f64>(x0, x2, 1, 3);
    const d2 = v128.shuffle<f64>(x1, x3, 0, 2);
    const d3 = v128.shuffle<f64>(x1, x3, 1, 3);
    const e0 = v128.load64_lane(w + s1, v128.load64_zero(w, 16), 1, 16);
    const e1 = v128.load64_lane(w + s3, v128.load64_zero(w + s2, 16), 1, 16);
    const d4 = v128.shuffle<f32>(e0, e1, 0, 2, 4, 6);
    const d5 = v128.shuffle<f32>(e0, e1, 1, 3, 5, 7);
    Lines.input6(d0, d1, d2, d3, d4, d5, out + i * 6 * step, step);
  }
}

/** Four tiles of 4×4 of an output's gradient, side by side, in the same way; rows must have 16 columns. */
export function transformGradient(from: usize, stride: usize, out: usize, step: usize, scratch: usize): void {
  for (let q: usize = 0; q < 64; q += 16) {
    const s = from + q;
    const y0 = v128.load(s);
    const y1 = v128.load(s + stride);
    const y2 = v128.load(s + 2 * stride);
    Lines.gradient6(y0, y1, y2, v128.load(s + 3 * stride), scratch + q, 64);
  }
  for (let i: usize = 0; i < 6; ++i) {
    const w = scratch + i * 64;
    const r0 = v128.load(w);
    const r1 = v128.load(w, 16);
    const r2 = v128.load(w, 32);
    const r3 = v128.load(w, 48);
    const x0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const x1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const x2 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const x3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    const y0 = v128.shuffle<f64>(x0, x2, 0, 2);
    const y1 = v128.shuffle<f64>(x0, x2, 1, 3);
    const y2 = v128.shuffle<f64>(x1, x3, 0, 2);
    Lines.gradient6(y0, y1, y2, v128.shuffle<f64>(x1, x3, 1, 3), out + i * 6 * step, step);
  }
}

/**
 * 36 vectors, `stride` bytes apart, become four tiles of 4×4 outputs. Each tile has an address of its own; its rows are
 * `step` bytes apart.
 */
export function transformOutput(
  from: usize,
  stride: usize,
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  step: usize,
  scratch: usize,
): void {
  const one = f32x4.splat(1);
  Output.put(from, stride, p0, p1, p2, p3, step, scratch, false, one, one, one);
}

/** 36 vectors become four tiles in the same way, finished as `Finish` has it. */
export function transformFinished(
  from: usize,
  stride: usize,
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  step: usize,
  scratch: usize,
  multiplier: v128,
  bias: v128,
  negativeSlope: v128,
): void {
  Output.put(from, stride, p0, p1, p2, p3, step, scratch, true, multiplier, bias, negativeSlope);
}

class Output {
  @inline
  static put(
    from: usize,
    stride: usize,
    p0: usize,
    p1: usize,
    p2: usize,
    p3: usize,
    step: usize,
    scratch: usize,
    finish: bool,
    multiplier: v128,
    bias: v128,
    negativeSlope: v128,
  ): void {
    for (let j: usize = 0; j < 6; ++j) Lines.output4(from + j * stride, 6 * stride, scratch + j * 16, 96);
    for (let r: usize = 0; r < 4; ++r) {
      const w = scratch + r * 96;
      const m1 = v128.load(w, 16);
      const m2 = v128.load(w, 32);
      const m3 = v128.load(w, 48);
      const m4 = v128.load(w, 64);
      const s = Lines.add(m1, m2);
      const t = Lines.sub(m1, m2);
      const u = Lines.add(m3, m4);
      const v = Lines.sub(m3, m4);
      const y0 = Lines.add(Lines.add(v128.load(w), s), u);
      const y1 = Lines.madd(t, a, Lines.mul(v, b));
      const y2 = Lines.madd(s, a2, Lines.mul(u, b2));
      const y3 = Lines.madd(t, a3, Lines.madd(v, b3, v128.load(w, 80)));
      const x0 = v128.shuffle<f32>(y0, y1, 0, 4, 1, 5);
      const x1 = v128.shuffle<f32>(y0, y1, 2, 6, 3, 7);
      const x2 = v128.shuffle<f32>(y2, y3, 0, 4, 1, 5);
      const x3 = v128.shuffle<f32>(y2, y3, 2, 6, 3, 7);
      let z0 = v128.shuffle<f64>(x0, x2, 0, 2);
      let z1 = v128.shuffle<f64>(x0, x2, 1, 3);
      let z2 = v128.shuffle<f64>(x1, x3, 0, 2);
      let z3 = v128.shuffle<f64>(x1, x3, 1, 3);
      if (finish) {
        z0 = Finish.apply(z0, multiplier, bias, negativeSlope);
        z1 = Finish.apply(z1, multiplier, bias, negativeSlope);
        z2 = Finish.apply(z2, multiplier, bias, negativeSlope);
        z3 = Finish.apply(z3, multiplier, bias, negativeSlope);
      }
      v128.store(p0, z0);
      v128.store(p1, z1);
      v128.store(p2, z2);
      v128.store(p3, z3);
      p0 += step;
      p1 += step;
      p2 += step;
      p3 += step;
    }
  }
}

/** Nine vectors of taps, dense at `from`, become 36, dense at `out`. */
export function transformWeights(from: usize, out: usize, scratch: usize): void {
  for (let j: usize = 0; j < 3; ++j) {
    const s = from + j * 16;
    Lines.weights6(v128.load(s), v128.load(s, 48), v128.load(s, 96), scratch + j * 16, 48);
  }
  for (let i: usize = 0; i < 6; ++i) {
    const s = scratch + i * 48;
    Lines.weights6(v128.load(s), v128.load(s, 16), v128.load(s, 32), out + i * 96, 16);
  }
}

/** 36 vectors, `stride` bytes apart, become the nine of the taps' gradients, dense at `out`. */
export function transformTaps(from: usize, stride: usize, out: usize, scratch: usize): void {
  for (let j: usize = 0; j < 6; ++j) Lines.taps3(from + j * stride, 6 * stride, scratch + j * 16, 96);
  for (let i: usize = 0; i < 3; ++i) Lines.taps3(scratch + i * 96, 16, out + i * 48, 16);
}
