import { Lanes } from "./lanes";

/**
 * Constants of `Exp.two`. They are loaded, which is one instruction each: from within the code V8 would build each of
 * them anew, or keep it on the stack.
 */
const constants = memory.data<f64>([
  90,
  -110,
  1.4426950408889634, // 1/log 2
  6755399441055744, // added to this, a number is rounded to a whole one, which stands in its lowest bits
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

/** e^x of many values at once, in double precision: good to 1e-11, so that rounding to f32 is almost always right. */
export class Exp {
  @inline
  static constant(index: usize): v128 {
    return v128.load64_splat(constants + 8 * index);
  }

  /** e^x of two f64; for an f32's sake x is cut to −110 … 90, where e^x rounds to 0 and to infinity. NaN stays NaN. */
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

  /** e^x − 1 of two f64; near 0 its series, as the difference would lose digits there */
  @inline
  static minusOne(x: v128): v128 {
    const far = f64x2.sub(Exp.two(x), Exp.constant(14));
    const inner = f64x2.add(f64x2.mul(x, Exp.constant(12)), Exp.constant(13));
    const near = f64x2.add(x, f64x2.mul(f64x2.mul(x, x), inner));
    return v128.bitselect(near, far, f64x2.lt(f64x2.abs(x), f64x2.splat(0.001)));
  }

  /** e^x of four f32 */
  @inline
  static four(x: v128): v128 {
    return Lanes.join(Exp.two(Lanes.low(x)), Exp.two(Lanes.high(x)));
  }
}
