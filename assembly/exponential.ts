import { Exp } from "./exp";
import { Lanes } from "./lanes";
import { Log } from "./log";
import { Logistic } from "./logistic";
import { map, zip } from "./map";

// Activations made of exponentials and logarithms, in double precision except ELU and Swish with a beta of 1. A piece is one value.

@unmanaged
class Elu {
  @inline
  apply(x: v128, alpha: v128, _q: v128): v128 {
    const zero = f32x4.splat(0);
    const low = f32x4.pmin(x, zero);
    return f32x4.add(f32x4.pmax(x, zero), f32x4.mul(alpha, Exp.ofNegativeMinusOne(low)));
  }
}

class EluGradient {
  @inline
  static of(x: v128, y: v128, dy: v128, alpha: v128): v128 {
    return v128.bitselect(dy, f32x4.mul(dy, f32x4.add(alpha, y)), f32x4.gt(x, f32x4.splat(0)));
  }
}

@unmanaged
class Softplus {
  @inline
  apply(x: v128, _p: v128, _q: v128): v128 {
    return Lanes.join(Logistic.integralTwo(Lanes.low(x)), Logistic.integralTwo(Lanes.high(x)));
  }
}

@unmanaged
class SoftplusGradient {
  @inline
  apply(x: v128, dy: v128, _p: v128, _q: v128): v128 {
    return f32x4.mul(dy, Logistic.four(x));
  }
}

@unmanaged
class Swish {
  /** `beta` as two f64 */
  @inline
  apply(x: v128, beta: v128, _q: v128): v128 {
    const low = Logistic.two(f64x2.mul(beta, Lanes.low(x)));
    const high = Logistic.two(f64x2.mul(beta, Lanes.high(x)));
    return f32x4.mul(x, Lanes.join(low, high));
  }
}

/** For a beta of 1, in single precision */
@unmanaged
class PlainSwish {
  @inline
  apply(x: v128, _p: v128, _q: v128): v128 {
    return f32x4.mul(x, Logistic.four(x));
  }
}

@unmanaged
class PlainSwishGradient {
  /** dy·(s + x·s'), s' = s·(1 − s) */
  @inline
  apply(x: v128, dy: v128, _p: v128, _q: v128): v128 {
    const one = f32x4.splat(1);
    const e = Exp.ofNegative(f32x4.neg(f32x4.abs(x)));
    const large = f32x4.div(one, f32x4.add(one, e));
    const small = f32x4.mul(e, large);
    const isNegative = f32x4.lt(x, f32x4.splat(0));
    const gate = v128.bitselect(small, large, isNegative);
    const derivative = f32x4.mul(small, large);
    return f32x4.mul(dy, f32x4.add(gate, f32x4.mul(x, derivative)));
  }
}

@unmanaged
class SwishGradient {
  /** dy·(s(v) + v·s'(v)), v = beta·x; `beta` as two f64 */
  @inline
  apply(x: v128, dy: v128, beta: v128, _q: v128): v128 {
    const low = f64x2.mul(beta, Lanes.low(x));
    const high = f64x2.mul(beta, Lanes.high(x));
    const gate = Lanes.join(Logistic.two(low), Logistic.two(high));
    const derivative = Lanes.join(Logistic.derivativeTwo(low), Logistic.derivativeTwo(high));
    return f32x4.mul(dy, f32x4.add(gate, f32x4.mul(Lanes.join(low, high), derivative)));
  }
}

@unmanaged
class AffineExp {
  /** `scale` and `shift` as two f64, here and below */
  @inline
  apply(x: v128, scale: v128, shift: v128): v128 {
    const low = Exp.two(f64x2.add(f64x2.mul(scale, Lanes.low(x)), shift));
    return Lanes.join(low, Exp.two(f64x2.add(f64x2.mul(scale, Lanes.high(x)), shift)));
  }
}

@unmanaged
class AffineLog {
  @inline
  apply(x: v128, scale: v128, shift: v128): v128 {
    const low = Log.two(f64x2.add(f64x2.mul(scale, Lanes.low(x)), shift));
    return Lanes.join(low, Log.two(f64x2.add(f64x2.mul(scale, Lanes.high(x)), shift)));
  }
}

@unmanaged
class AffineLogGradient {
  @inline
  apply(x: v128, dy: v128, scale: v128, shift: v128): v128 {
    const low = f64x2.add(f64x2.mul(scale, Lanes.low(x)), shift);
    const high = f64x2.add(f64x2.mul(scale, Lanes.high(x)), shift);
    const first = f64x2.div(f64x2.mul(scale, Lanes.low(dy)), low);
    return Lanes.join(first, f64x2.div(f64x2.mul(scale, Lanes.high(dy)), high));
  }
}

export function elu(from: i32, to: i32, x: usize, y: usize, alpha: f32): void {
  const start = (<usize>from) << 2;
  map<Elu>(x + start, y + start, to - from, f32x4.splat(alpha), f32x4.splat(0));
}

export function eluBackward(from: i32, to: i32, x: usize, y: usize, dy: usize, dx: usize, alpha: f32): void {
  const a = f32x4.splat(alpha);
  let at = (<usize>from) << 2;
  let count = to - from;
  for (; count >= 4; count -= 4) {
    v128.store(dx + at, EluGradient.of(v128.load(x + at), v128.load(y + at), v128.load(dy + at), a));
    at += 16;
  }
  for (; count > 0; --count) {
    Lanes.storeOne(dx + at, EluGradient.of(Lanes.one(x + at), Lanes.one(y + at), Lanes.one(dy + at), a));
    at += 4;
  }
}

export function softplus(from: i32, to: i32, x: usize, y: usize): void {
  const start = (<usize>from) << 2;
  map<Softplus>(x + start, y + start, to - from, f32x4.splat(0), f32x4.splat(0));
}

export function softplusBackward(from: i32, to: i32, x: usize, dy: usize, dx: usize): void {
  const start = (<usize>from) << 2;
  zip<SoftplusGradient>(x + start, dy + start, dx + start, to - from, f32x4.splat(0), f32x4.splat(0));
}

export function swish(from: i32, to: i32, x: usize, y: usize, beta: f64): void {
  const start = (<usize>from) << 2;
  const none = f32x4.splat(0);
  if (beta == 1) return map<PlainSwish>(x + start, y + start, to - from, none, none);
  map<Swish>(x + start, y + start, to - from, f64x2.splat(beta), f64x2.splat(0));
}

export function swishBackward(from: i32, to: i32, x: usize, dy: usize, dx: usize, beta: f64): void {
  const start = (<usize>from) << 2;
  const none = f32x4.splat(0);
  if (beta == 1) return zip<PlainSwishGradient>(x + start, dy + start, dx + start, to - from, none, none);
  zip<SwishGradient>(x + start, dy + start, dx + start, to - from, f64x2.splat(beta), f64x2.splat(0));
}

export function exp(from: i32, to: i32, x: usize, y: usize, scale: f64, shift: f64): void {
  const start = (<usize>from) << 2;
  map<AffineExp>(x + start, y + start, to - from, f64x2.splat(scale), f64x2.splat(shift));
}

export function log(from: i32, to: i32, x: usize, y: usize, scale: f64, shift: f64): void {
  const start = (<usize>from) << 2;
  map<AffineLog>(x + start, y + start, to - from, f64x2.splat(scale), f64x2.splat(shift));
}

export function logBackward(from: i32, to: i32, x: usize, dy: usize, dx: usize, scale: f64, shift: f64): void {
  const start = (<usize>from) << 2;
  zip<AffineLogGradient>(x + start, dy + start, dx + start, to - from, f64x2.splat(scale), f64x2.splat(shift));
}
