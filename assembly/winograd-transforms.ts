// The transforms of Winograd's F(4×4, 3×3), on the points 0, ±5/8, ±3/2 and ∞, whose errors are a third of those of the
// textbook's ±1, ±2. Each takes four tiles at a time, side by side in the lanes of a vector.
// Source: Lavin and Gray 2016; the points, Barabasz and others 2020.

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
  static mul(x: v128, factor: f32): v128 {
    return f32x4.mul(x, f32x4.splat(factor));
  }

  /** Six vectors of the input become six: Bᵀ·d. `to` and what follow it are `step` bytes apart. */
  @inline
  static input6(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, step: usize): void {
    const e = Lines.sub(d4, Lines.mul(d2, b2));
    const f = Lines.mul(Lines.sub(d3, Lines.mul(d1, b2)), a);
    const g = Lines.sub(d4, Lines.mul(d2, a2));
    const h = Lines.mul(Lines.sub(d3, Lines.mul(d1, a2)), b);
    v128.store(to, Lines.add(Lines.sub(Lines.mul(d0, product), Lines.mul(d2, sum)), d4));
    v128.store(to + step, Lines.add(e, f));
    v128.store(to + 2 * step, Lines.sub(e, f));
    v128.store(to + 3 * step, Lines.add(g, h));
    v128.store(to + 4 * step, Lines.sub(g, h));
    v128.store(to + 5 * step, Lines.add(Lines.sub(Lines.mul(d1, product), Lines.mul(d3, sum)), d5));
  }

  /** Four vectors of a gradient become six: A·dy. */
  @inline
  static gradient6(y0: v128, y1: v128, y2: v128, y3: v128, to: usize, step: usize): void {
    const e = Lines.add(y0, Lines.mul(y2, a2));
    const f = Lines.add(Lines.mul(y1, a), Lines.mul(y3, a3));
    const g = Lines.add(y0, Lines.mul(y2, b2));
    const h = Lines.add(Lines.mul(y1, b), Lines.mul(y3, b3));
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
    v128.store(to + step, Lines.add(Lines.mul(t, a), Lines.mul(v, b)));
    v128.store(to + 2 * step, Lines.add(Lines.mul(s, a2), Lines.mul(u, b2)));
    v128.store(to + 3 * step, Lines.add(Lines.add(Lines.mul(t, a3), Lines.mul(v, b3)), v128.load(from + 5 * fromStep)));
  }

  /** Four vectors as columns. */
  @inline
  static transpose4(r0: v128, r1: v128, r2: v128, r3: v128, to: usize): void {
    const x0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const x1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const x2 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const x3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f64>(x0, x2, 0, 2));
    v128.store(to, v128.shuffle<f64>(x0, x2, 1, 3), 16);
    v128.store(to, v128.shuffle<f64>(x1, x3, 0, 2), 32);
    v128.store(to, v128.shuffle<f64>(x1, x3, 1, 3), 48);
  }
}

/** Bytes of scratch a transform uses. */
export const transformBytes: usize = 2048;

/**
 * Four input tiles of 6×6, 4 columns apart, from rows `stride` bytes apart, which must have 20 columns. The 36 vectors
 * go to `out`, `step` bytes apart.
 */
export function transformInput(from: usize, stride: usize, out: usize, step: usize, scratch: usize): void {
  for (let q: usize = 0; q < 80; q += 16) {
    const s = from + q;
    const d0 = v128.load(s);
    const d1 = v128.load(s + stride);
    const d2 = v128.load(s + 2 * stride);
    const d3 = v128.load(s + 3 * stride);
    const d4 = v128.load(s + 4 * stride);
    const d5 = v128.load(s + 5 * stride);
    Lines.input6(d0, d1, d2, d3, d4, d5, scratch + q, 80);
  }
  for (let i: usize = 0; i < 6; ++i) {
    const w = scratch + i * 80;
    const r0 = v128.load(w);
    const r1 = v128.load(w, 16);
    const r2 = v128.load(w, 32);
    const r3 = v128.load(w, 48);
    const r4 = v128.load(w, 64);
    const x0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const x1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const x2 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const x3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    const d0 = v128.shuffle<f64>(x0, x2, 0, 2);
    const d1 = v128.shuffle<f64>(x0, x2, 1, 3);
    const d2 = v128.shuffle<f64>(x1, x3, 0, 2);
    const d3 = v128.shuffle<f64>(x1, x3, 1, 3);
    const d4 = v128.shuffle<f32>(d0, r4, 1, 2, 3, 4);
    const d5 = v128.shuffle<f32>(d1, r4, 1, 2, 3, 5);
    Lines.input6(d0, d1, d2, d3, d4, d5, out + i * 6 * step, step);
  }
}

/** Four tiles of 4×4 of an output's gradient, side by side, likewise; rows must have 16 columns. */
export function transformGradient(from: usize, stride: usize, out: usize, step: usize, scratch: usize): void {
  for (let q: usize = 0; q < 64; q += 16) {
    const s = from + q;
    const y0 = v128.load(s);
    const y1 = v128.load(s + stride);
    const y2 = v128.load(s + 2 * stride);
    Lines.gradient6(y0, y1, y2, v128.load(s + 3 * stride), scratch + q, 64);
  }
  const columns = scratch + 6 * 64;
  for (let i: usize = 0; i < 6; ++i) {
    const w = scratch + i * 64;
    Lines.transpose4(v128.load(w), v128.load(w, 16), v128.load(w, 32), v128.load(w, 48), columns);
    const y0 = v128.load(columns);
    const y1 = v128.load(columns, 16);
    Lines.gradient6(y0, y1, v128.load(columns, 32), v128.load(columns, 48), out + i * 6 * step, step);
  }
}

/** 36 vectors, `stride` bytes apart, of four tiles become four rows of 16 outputs, dense at `out`. */
export function transformOutput(from: usize, stride: usize, out: usize, scratch: usize): void {
  for (let j: usize = 0; j < 6; ++j) Lines.output4(from + j * stride, 6 * stride, scratch + j * 16, 96);
  const row = scratch + 4 * 96;
  for (let r: usize = 0; r < 4; ++r) {
    Lines.output4(scratch + r * 96, 16, row, 16);
    Lines.transpose4(v128.load(row), v128.load(row, 16), v128.load(row, 32), v128.load(row, 48), out + r * 64);
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
