import { Exp } from "./exp";
import { Lanes } from "./lanes";

const constants = memory.data<f64>([
  0.6931471805599453, // log 2
  1 / 13.0,
  1 / 11.0,
  1 / 9.0,
  1 / 7.0,
  1 / 5.0,
  1 / 3.0,
  1,
]);

/** The bits of √½, less an exponent of 1024 so that what is left of any number is positive. */
const rootOfHalf: i64 = 0x3fe6a09e667f3bcd - (1024 << 52);

/** x^power of four f32. */
export class Power {
  @inline
  static four(x: v128, power: f32): v128 {
    const low = f32x4.gt(x, f32x4.splat(1e-37));
    const high = f32x4.lt(x, f32x4.splat(1e38));
    if (!i32x4.all_true(v128.and(low, high))) return Power.oneByOne(x, power);
    const p = f64x2.splat(<f64>power);
    const first = Exp.two(f64x2.mul(p, Power.log(Lanes.low(x))));
    return Lanes.join(first, Exp.two(f64x2.mul(p, Power.log(Lanes.high(x)))));
  }

  /** For what is not positive, tiny, infinite or not a number. */
  static oneByOne(x: v128, power: f32): v128 {
    let v = f32x4.splat(NativeMathf.pow(f32x4.extract_lane(x, 0), power));
    v = f32x4.replace_lane(v, 1, NativeMathf.pow(f32x4.extract_lane(x, 1), power));
    v = f32x4.replace_lane(v, 2, NativeMathf.pow(f32x4.extract_lane(x, 2), power));
    return f32x4.replace_lane(v, 3, NativeMathf.pow(f32x4.extract_lane(x, 3), power));
  }

  @inline
  static constant(index: usize): v128 {
    return v128.load64_splat(constants + 8 * index);
  }

  /** log x of two positive f64, good to 1e-11: x is 2^e·m, with m between √½ and √2, and log m a series in s². */
  @inline
  static log(x: v128): v128 {
    const above = i64x2.sub(x, i64x2.splat(rootOfHalf));
    const biased = i64x2.shr_u(above, 52);
    const m = i64x2.sub(x, i64x2.shl(i64x2.sub(biased, i64x2.splat(1024)), 52));
    // A whole number in the lowest bits of 2^52 is added to it.
    const whole = f64x2.sub(v128.or(biased, f64x2.splat(4503599627370496)), f64x2.splat(4503599627370496 + 1024));
    const s = f64x2.div(f64x2.sub(m, Power.constant(7)), f64x2.add(m, Power.constant(7)));
    const z = f64x2.mul(s, s);
    let p = f64x2.add(f64x2.mul(z, Power.constant(1)), Power.constant(2));
    p = f64x2.add(f64x2.mul(p, z), Power.constant(3));
    p = f64x2.add(f64x2.mul(p, z), Power.constant(4));
    p = f64x2.add(f64x2.mul(p, z), Power.constant(5));
    p = f64x2.add(f64x2.mul(p, z), Power.constant(6));
    p = f64x2.add(f64x2.mul(p, z), Power.constant(7));
    return f64x2.add(f64x2.mul(whole, Power.constant(0)), f64x2.mul(f64x2.add(s, s), p));
  }
}
