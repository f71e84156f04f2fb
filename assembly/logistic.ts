import { Exp } from "./exp";
import { Log } from "./log";

/**
 * The logistic function, its derivative and its integral, in double precision unless a comment says otherwise. All use
 * e^−|x|, which cannot overflow. "two" works on two f64, "four" on four f32.
 */
export class Logistic {
  /** 1/(1 + e^−x) */
  @inline
  static two(x: v128): v128 {
    const e = Exp.two(f64x2.neg(f64x2.abs(x)));
    const one = f64x2.splat(1);
    return f64x2.div(v128.bitselect(e, one, f64x2.lt(x, f64x2.splat(0))), f64x2.add(one, e));
  }

  /** 1/(1 + e^−x) in single precision; its error is less than three units in the last place. */
  @inline
  static four(x: v128): v128 {
    const e = Exp.ofNegative(f32x4.neg(f32x4.abs(x)));
    const one = f32x4.splat(1);
    return f32x4.div(v128.bitselect(e, one, f32x4.lt(x, f32x4.splat(0))), f32x4.add(one, e));
  }

  /** Its derivative e^−x/(1 + e^−x)² */
  @inline
  static derivativeTwo(x: v128): v128 {
    const e = Exp.two(f64x2.neg(f64x2.abs(x)));
    const sum = f64x2.add(f64x2.splat(1), e);
    return f64x2.div(e, f64x2.mul(sum, sum));
  }

  /** Its integral log(1 + e^x) */
  @inline
  static integralTwo(x: v128): v128 {
    const log = Log.onePlus(Exp.two(f64x2.neg(f64x2.abs(x))));
    return f64x2.add(f64x2.pmax(x, f64x2.splat(0)), log);
  }
}
