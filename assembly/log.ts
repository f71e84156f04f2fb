/** Constants of `Log`. They are loaded from memory, as in exp.ts. */
const constants = memory.data<f64>([
  0.6931471805599453, // log 2
  1 / 13.0,
  1 / 11.0,
  1 / 9.0,
  1 / 7.0,
  1 / 5.0,
  1 / 3.0,
  1,
  4503599627370496, // 2^52
  4503599627370496 + 1024,
]);

/** The bits of √½ minus an exponent of 1024, so that the difference is positive for any number; and that exponent. */
const bits = memory.data<i64>([0x3fe6a09e667f3bcd - (1024 << 52), 1024]);

/** The logarithm of many values at once, in double precision, good to 1e-11. */
export class Log {
  @inline
  static constant(index: usize): v128 {
    return v128.load64_splat(constants + 8 * index);
  }

  /** log x of two f64, which are 0 or no smaller than the smallest normal number */
  @inline
  static two(x: v128): v128 {
    const zero = f64x2.splat(0);
    const infinity = f64x2.splat(Infinity);
    const usual = v128.and(f64x2.gt(x, zero), f64x2.lt(x, infinity));
    // x + ∞ is ∞ for 0 and ∞ and NaN for NaN; numbers less than 0 become NaN too.
    const unusual = v128.or(f64x2.add(x, infinity), f64x2.lt(x, zero));
    const signed = v128.xor(unusual, v128.and(f64x2.eq(x, zero), f64x2.splat(-0.0)));
    return v128.bitselect(Log.positive(x), signed, usual);
  }

  /** log x of two positive f64: x is 2^e·m, with m between √½ and √2 */
  @inline
  static positive(x: v128): v128 {
    const above = i64x2.sub(x, v128.load64_splat(bits));
    const biased = i64x2.shr_u(above, 52);
    const m = i64x2.sub(x, i64x2.shl(i64x2.sub(biased, v128.load64_splat(bits, 8)), 52));
    // A whole number in the lowest bits of the double 2^52 adds itself to 2^52.
    const whole = f64x2.sub(v128.or(biased, Log.constant(8)), Log.constant(9));
    const s = f64x2.div(f64x2.sub(m, Log.constant(7)), f64x2.add(m, Log.constant(7)));
    return f64x2.add(f64x2.mul(whole, Log.constant(0)), Log.ofRatio(s));
  }

  /** log(1 + x) of two f64 from 0 to 1, good relative to its own size; beyond √2 − 1 it is log 2 + log((1 + x)/2) */
  @inline
  static onePlus(x: v128): v128 {
    const beyond = f64x2.gt(x, f64x2.splat(0.41421356237309503));
    const numerator = v128.bitselect(f64x2.sub(x, Log.constant(7)), x, beyond);
    const denominator = f64x2.add(x, v128.bitselect(f64x2.splat(3), f64x2.splat(2), beyond));
    const log = Log.ofRatio(f64x2.div(numerator, denominator));
    return f64x2.add(log, v128.and(Log.constant(0), beyond));
  }

  /** log m by s = (m − 1)/(m + 1), for m between √½ and √2: a series in s² */
  @inline
  static ofRatio(s: v128): v128 {
    const z = f64x2.mul(s, s);
    let p = f64x2.add(f64x2.mul(z, Log.constant(1)), Log.constant(2));
    p = f64x2.add(f64x2.mul(p, z), Log.constant(3));
    p = f64x2.add(f64x2.mul(p, z), Log.constant(4));
    p = f64x2.add(f64x2.mul(p, z), Log.constant(5));
    p = f64x2.add(f64x2.mul(p, z), Log.constant(6));
    p = f64x2.add(f64x2.mul(p, z), Log.constant(7));
    return f64x2.mul(f64x2.add(s, s), p);
  }
}
