// The transforms of Winograd's F(2×2, 3×3), on the points 0, ±1 and ∞. Each takes four tiles at a time, side by side in
// the lanes of a vector, and what it is given and leaves is as with those of winograd-transforms.ts.
// Source: Lavin and Gray 2016.

/** The one-dimensional transforms, on vectors. */
class Lines {
  /** Four vectors become four: Bᵀ·d. */
  @inline
  static input4(d0: v128, d1: v128, d2: v128, d3: v128, to: usize, step: usize): void {
    v128.store(to, f32x4.sub(d0, d2));
    v128.store(to + step, f32x4.add(d1, d2));
    v128.store(to + 2 * step, f32x4.sub(d2, d1));
    v128.store(to + 3 * step, f32x4.sub(d1, d3));
  }

  /** Three taps become four: G·g. */
  @inline
  static weights4(g0: v128, g1: v128, g2: v128, to: usize, step: usize): void {
    const half = f32x4.splat(0.5);
    const e = f32x4.mul(f32x4.add(g0, g2), half);
    const f = f32x4.mul(g1, half);
    v128.store(to, g0);
    v128.store(to + step, f32x4.add(e, f));
    v128.store(to + 2 * step, f32x4.sub(e, f));
    v128.store(to + 3 * step, g2);
  }
}

/**
 * Four input tiles of 4×4, 2 columns apart, from rows `stride` bytes apart, which must have 12 columns. The 16 vectors
 * go to `out`, `step` bytes apart.
 */
export function transformInput(from: usize, stride: usize, out: usize, step: usize, scratch: usize): void {
  for (let q: usize = 0; q < 48; q += 16) {
    const s = from + q;
    const d0 = v128.load(s);
    const d1 = v128.load(s + stride);
    Lines.input4(d0, d1, v128.load(s + 2 * stride), v128.load(s + 3 * stride), scratch + q, 48);
  }
  for (let i: usize = 0; i < 4; ++i) {
    const w = scratch + i * 48;
    const r0 = v128.load(w);
    const r1 = v128.load(w, 16);
    const r2 = v128.load(w, 32);
    const evens = v128.shuffle<f32>(r0, r1, 0, 2, 4, 6);
    const odds = v128.shuffle<f32>(r0, r1, 1, 3, 5, 7);
    const nextEvens = v128.shuffle<f32>(evens, r2, 1, 2, 3, 4);
    const nextOdds = v128.shuffle<f32>(odds, r2, 1, 2, 3, 5);
    Lines.input4(evens, odds, nextEvens, nextOdds, out + i * 4 * step, step);
  }
}

/** Nine vectors of taps, dense at `from`, become 16, dense at `out`. */
export function transformWeights(from: usize, out: usize, scratch: usize): void {
  for (let j: usize = 0; j < 3; ++j) {
    const s = from + j * 16;
    Lines.weights4(v128.load(s), v128.load(s, 48), v128.load(s, 96), scratch + j * 16, 48);
  }
  for (let i: usize = 0; i < 4; ++i) {
    const s = scratch + i * 48;
    Lines.weights4(v128.load(s), v128.load(s, 16), v128.load(s, 32), out + i * 64, 16);
  }
}

/** 16 vectors, `stride` bytes apart, of four tiles become two rows of 8 outputs, dense at `out`. */
export function transformOutput(from: usize, stride: usize, out: usize, scratch: usize): void {
  const down = 4 * stride;
  for (let j: usize = 0; j < 4; ++j) {
    const s = from + j * stride;
    const m0 = v128.load(s);
    const m1 = v128.load(s + down);
    const m2 = v128.load(s + 2 * down);
    const m3 = v128.load(s + 3 * down);
    v128.store(scratch + j * 16, f32x4.add(f32x4.add(m0, m1), m2));
    v128.store(scratch + j * 16, f32x4.sub(f32x4.sub(m1, m2), m3), 64);
  }
  for (let r: usize = 0; r < 2; ++r) {
    const s = scratch + r * 64;
    const m0 = v128.load(s);
    const m1 = v128.load(s, 16);
    const m2 = v128.load(s, 32);
    const m3 = v128.load(s, 48);
    const left = f32x4.add(f32x4.add(m0, m1), m2);
    const right = f32x4.sub(f32x4.sub(m1, m2), m3);
    v128.store(out + r * 32, v128.shuffle<f32>(left, right, 0, 4, 1, 5));
    v128.store(out + r * 32, v128.shuffle<f32>(left, right, 2, 6, 3, 7), 16);
  }
}
