import { Exp } from "./exp";
import { Lanes } from "./lanes";
import { Log } from "./log";

/** x^power of four f32. */
export class Power {
  @inline
  static four(x: v128, power: f32): v128 {
    const low = f32x4.gt(x, f32x4.splat(1e-37));
    const high = f32x4.lt(x, f32x4.splat(1e38));
    if (!i32x4.all_true(v128.and(low, high))) return Power.oneByOne(x, power);
    const p = f64x2.splat(<f64>power);
    const first = Exp.two(f64x2.mul(p, Log.positive(Lanes.low(x))));
    return Lanes.join(first, Exp.two(f64x2.mul(p, Log.positive(Lanes.high(x)))));
  }

  /** For what is not positive, tiny, infinite or not a number. */
  static oneByOne(x: v128, power: f32): v128 {
    let v = f32x4.splat(NativeMathf.pow(f32x4.extract_lane(x, 0), power));
    v = f32x4.replace_lane(v, 1, NativeMathf.pow(f32x4.extract_lane(x, 1), power));
    v = f32x4.replace_lane(v, 2, NativeMathf.pow(f32x4.extract_lane(x, 2), power));
    return f32x4.replace_lane(v, 3, NativeMathf.pow(f32x4.extract_lane(x, 3), power));
  }
}
