import { Exp } from "./exp";
import { map, zip } from "./map";

// Mish in single precision. A piece is one value.
//
// With e = e^x, tanh(log(1 + e)) is n/(n + 2), n = e·(e + 2), and its derivative 4·e·(1 + e)/(n + 2)². Above 0 both are divided
// through by powers of e, so that only e^−|x| is needed, which cannot overflow.

class Gate {
  /** The gate's numerator: e·(e + 2), or 1 + 2q */
  @inline
  static top(q: v128, isPositive: v128): v128 {
    const one = f32x4.splat(1);
    const above = f32x4.add(f32x4.add(q, q), one);
    const below = f32x4.mul(q, f32x4.add(q, f32x4.splat(2)));
    return v128.bitselect(above, below, isPositive);
  }

  /** What is missing of 1 in the gate, times its denominator: 2, or 2q² */
  @inline
  static missing(q: v128, isPositive: v128): v128 {
    const two = f32x4.splat(2);
    return v128.bitselect(f32x4.mul(f32x4.mul(q, q), two), two, isPositive);
  }
}

@unmanaged
class Mish {
  @inline
  apply(x: v128, _p: v128, _q: v128): v128 {
    const q = Exp.ofNegative(f32x4.neg(f32x4.abs(x)));
    const isPositive = f32x4.gt(x, f32x4.splat(0));
    const top = Gate.top(q, isPositive);
    return f32x4.mul(x, f32x4.div(top, f32x4.add(top, Gate.missing(q, isPositive))));
  }
}

@unmanaged
class MishGradient {
  /** dy·(gate + x·gate') */
  @inline
  apply(x: v128, dy: v128, _p: v128, _q: v128): v128 {
    const q = Exp.ofNegative(f32x4.neg(f32x4.abs(x)));
    const isPositive = f32x4.gt(x, f32x4.splat(0));
    const top = Gate.top(q, isPositive);
    const whole = f32x4.add(top, Gate.missing(q, isPositive));
    // 4·e·(1 + e), or 4·q²·(1 + q)
    const one = f32x4.add(q, f32x4.splat(1));
    const first = f32x4.mul(f32x4.mul(q, f32x4.splat(4)), one);
    const slope = v128.bitselect(f32x4.mul(first, q), first, isPositive);
    const rise = f32x4.div(slope, f32x4.mul(whole, whole));
    return f32x4.mul(dy, f32x4.add(f32x4.div(top, whole), f32x4.mul(x, rise)));
  }
}

export function mish(from: i32, to: i32, x: usize, y: usize): void {
  const start = (<usize>from) << 2;
  map<Mish>(x + start, y + start, to - from, f32x4.splat(0), f32x4.splat(0));
}

export function mishBackward(from: i32, to: i32, x: usize, dy: usize, dx: usize): void {
  const start = (<usize>from) << 2;
  zip<MishGradient>(x + start, dy + start, dx + start, to - from, f32x4.splat(0), f32x4.splat(0));
}
