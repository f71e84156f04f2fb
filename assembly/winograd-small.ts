// The transforms of Winograd's F(2×2, 3×3), on the points 0, ±1 and ∞. Each takes four tiles at a time, side by side in
// the lanes of a vector. Arguments and results are in the layouts of winograd-transforms.ts.
// Source: Lavin and Gray 2016.

import { Finish } from "./finish";

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

/** Four input tiles of 4×4 become 16 vectors; `starts` grow by at most 16, and 16 bytes after the last can be read. */
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
  for (let q: usize = 0; q < s3 + 16; q += 16) {
    const s = from + q;
    const d0 = v128.load(s);
    const d1 = v128.load(s + stride);
    Lines.input4(d0, d1, v128.load(s + 2 * stride), v128.load(s + 3 * stride), scratch + q, 64);
  }
  for (let i: usize = 0; i < 4; ++i) {
    const w = scratch + i * 64;
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
    Lines.input4(d0, d1, d2, v128.shuffle<f64>(x1, x3, 1, 3), out + i * 4 * step, step);
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

/** 16 vectors become four tiles of 2×2 outputs, finished as `Finish` has it. */
export function transformOutput(
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
    const left = Finish.apply(f32x4.add(f32x4.add(m0, m1), m2), multiplier, bias, negativeSlope);
    const right = Finish.apply(f32x4.sub(f32x4.sub(m1, m2), m3), multiplier, bias, negativeSlope);
    const low = v128.shuffle<f32>(left, right, 0, 4, 1, 5);
    const high = v128.shuffle<f32>(left, right, 2, 6, 3, 7);
    v128.store64_lane(p0, low, 0);
    v128.store64_lane(p1, low, 1);
    v128.store64_lane(p2, high, 0);
    v128.store64_lane(p3, high, 1);
    p0 += step;
    p1 += step;
    p2 += step;
    p3 += step;
  }
}
