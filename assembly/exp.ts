import { Lanes } from "./lanes";

/**
 * Constants of `Exp.two`. Each is loaded from memory with one instruction. As literals in the code, V8 would build them
 * again at each use, or keep them on the stack.
 */
const constants = memory.data<f64>([
  90,
  -110,
  1.4426950408889634, // 1/log 2
  6755399441055744, // a number added to this is rounded to an integer, which is in the lowest bits of the sum
  0.6931471805598903, // log 2, cut so that small multiples are exact
  5.497923018708371e-14, // what was cut off
  1 / 362880.0, // 1/9!
  1 / 40320.0,
  1 / 5040.0,
  1 / 720.0,
  1 / 120.0,
  1 / 24.0,
  1 / 6.0,
  0.5,
  1,
]);

/** Constants for single precision. The polynomial is the best for |r| ≤ log(2)/2; its error is below 3e-9. */
const singles = memory.data<f32>([
  -104, // below it e^x rounds to 0
  1.44269504, // 1/log 2
  12582912, // a number added to this is rounded to an integer, which is in the lowest bits of the sum
  0.693359375, // log 2, cut so that small multiples are exact
  -0.00021219444, // what was cut off
  0.0013814596,
  0.0083687175,
  0.04166839,
  0.16666521,
  0.49999994,
  1,
  16777216, // 2^24
  5.9604644775390625e-8, // 2^−24
  -80,
]);

/**
 * e^x of many values at once. In double precision it is good to 1e-11, so that rounding to f32 is almost always right;
 * in single precision, which is four times as fast, its error is less than one unit in the last place.
 */
export class Exp {
  @inline
  static single(index: usize): v128 {
    return v128.load32_splat(singles + 4 * index);
  }

  /** e^x of four f32 up to 0, in single precision. NaN stays NaN. */
  @inline
  static ofNegative(x: v128): v128 {
    const cut = f32x4.pmax(x, Exp.single(0));
    const shifted = Lanes.madd(cut, Exp.single(1), Exp.single(2));
    const e = f32x4.add(Exp.rest(cut, f32x4.sub(shifted, Exp.single(2))), Exp.single(10));
    // Times 2^n, which may be too small for a normal number: times 2^(n + 24), then times 2^−24.
    const scale = i32x4.add(i32x4.shl(shifted, 23), Exp.single(11));
    return f32x4.mul(f32x4.mul(e, scale), Exp.single(12));
  }

  /** e^x − 1 of four f32 up to 0, in single precision, good relative to its own size. NaN stays NaN. */
  @inline
  static ofNegativeMinusOne(x: v128): v128 {
    const cut = f32x4.pmax(x, Exp.single(13));
    const shifted = Lanes.madd(cut, Exp.single(1), Exp.single(2));
    const p = Exp.rest(cut, f32x4.sub(shifted, Exp.single(2)));
    const scale = i32x4.add(i32x4.shl(shifted, 23), Exp.single(10));
    return Lanes.madd(p, scale, f32x4.sub(scale, Exp.single(10)));
  }

  /** e^r − 1 for the rest r = x − n·log 2 */
  @inline
  static rest(x: v128, n: v128): v128 {
    const r = f32x4.sub(f32x4.sub(x, f32x4.mul(n, Exp.single(3))), f32x4.mul(n, Exp.single(4)));
    let p = Lanes.madd(r, Exp.single(5), Exp.single(6));
    p = Lanes.madd(p, r, Exp.single(7));
    p = Lanes.madd(p, r, Exp.single(8));
    p = Lanes.madd(p, r, Exp.single(9));
    return Lanes.madd(p, f32x4.mul(r, r), r);
  }

  @inline
  static constant(index: usize): v128 {
    return v128.load64_splat(constants + 8 * index);
  }

  /** e^x of two f64; x is limited to −110 … 90, beyond which e^x rounds to 0 or infinity in f32. NaN stays NaN. */
  @inline
  static two(x: v128): v128 {
    const cut = f64x2.pmax(f64x2.pmin(x, Exp.constant(0)), Exp.constant(1));
    const shifted = f64x2.add(f64x2.mul(cut, Exp.constant(2)), Exp.constant(3));
    const n = f64x2.sub(shifted, Exp.constant(3));
    const r = f64x2.sub(f64x2.sub(cut, f64x2.mul(n, Exp.constant(4))), f64x2.mul(n, Exp.constant(5)));
    // Taylor's series for |r| ≤ log(2)/2
    let p = f64x2.add(f64x2.mul(r, Exp.constant(6)), Exp.constant(7));
    p = f64x2.add(f64x2.mul(p, r), Exp.constant(8));
    p = f64x2.add(f64x2.mul(p, r), Exp.constant(9));
    p = f64x2.add(f64x2.mul(p, r), Exp.constant(10));
    p = f64x2.add(f64x2.mul(p, r), Exp.constant(11));
    p = f64x2.add(f64x2.mul(p, r), Exp.constant(12));
    p = f64x2.add(f64x2.mul(p, r), Exp.constant(13));
    p = f64x2.add(f64x2.mul(p, r), Exp.constant(14));
    p = f64x2.add(f64x2.mul(p, r), Exp.constant(14));
    // Times 2^n: p is at least 0.7, and n is added to its exponent.
    return i64x2.add(p, i64x2.shl(shifted, 52));
  }
}
