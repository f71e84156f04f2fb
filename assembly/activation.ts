import { Exp } from "./exp";
import { Lanes } from "./lanes";
import { Logistic } from "./logistic";
import { map, mapDims, zip, zipDims } from "./map";
import { sumDims } from "./scale";

// A piece is one value unless a comment says otherwise. `f32x4.pmax(x, 0)` is x where x is NaN; it takes one machine
// instruction, `f32x4.max` takes eight.

@unmanaged
class Relu {
  @inline
  apply(x: v128, negativeSlope: v128, _q: v128): v128 {
    const zero = f32x4.splat(0);
    return f32x4.add(f32x4.pmax(x, zero), f32x4.mul(negativeSlope, f32x4.pmin(x, zero)));
  }
}

@unmanaged
class ReluGradient {
  @inline
  apply(x: v128, dy: v128, negativeSlope: v128, _q: v128): v128 {
    return v128.bitselect(dy, f32x4.mul(dy, negativeSlope), f32x4.gt(x, f32x4.splat(0)));
  }
}

@unmanaged
class NegativeProduct {
  @inline
  of(dy: usize, x: usize): v128 {
    const v = v128.load(x);
    return v128.and(f32x4.mul(v128.load(dy), v), f32x4.le(v, f32x4.splat(0)));
  }

  @inline
  one(dy: usize, x: usize): f64 {
    const v = <f64>load<f32>(x);
    return v <= 0 ? <f64>load<f32>(dy) * v : 0;
  }
}

@unmanaged
class Abs {
  @inline
  apply(x: v128, _p: v128, _q: v128): v128 {
    return f32x4.abs(x);
  }
}

@unmanaged
class AbsGradient {
  /** dy with the sign of x; dy·x where x is 0 or NaN. */
  @inline
  apply(x: v128, dy: v128, _p: v128, _q: v128): v128 {
    const signed = v128.xor(dy, v128.and(x, f32x4.splat(-0.0)));
    return v128.bitselect(signed, f32x4.mul(dy, x), f32x4.gt(f32x4.abs(x), f32x4.splat(0)));
  }
}

@unmanaged
class Sigmoid {
  @inline
  apply(x: v128, _p: v128, _q: v128): v128 {
    return Logistic.four(x);
  }
}

@unmanaged
class SigmoidGradient {
  @inline
  apply(y: v128, dy: v128, _p: v128, _q: v128): v128 {
    return f32x4.mul(f32x4.mul(dy, y), f32x4.sub(f32x4.splat(1), y));
  }
}

@unmanaged
class Tanh {
  /** (1 − e^−2|x|)/(1 + e^−2|x|) with the sign of x; its error is less than three units in the last place */
  @inline
  apply(x: v128, _p: v128, _q: v128): v128 {
    const size = f32x4.abs(x);
    const less = Exp.ofNegativeMinusOne(f32x4.neg(f32x4.add(size, size)));
    const y = f32x4.div(f32x4.neg(less), f32x4.add(less, f32x4.splat(2)));
    const sign = v128.and(x, f32x4.splat(-0.0));
    return v128.or(v128.andnot(y, f32x4.splat(-0.0)), sign);
  }
}

@unmanaged
class TanhGradient {
  @inline
  apply(y: v128, dy: v128, _p: v128, _q: v128): v128 {
    return f32x4.mul(dy, f32x4.sub(f32x4.splat(1), f32x4.mul(y, y)));
  }
}

@unmanaged
class Square {
  @inline
  apply(x: v128, scale: v128, shift: v128): v128 {
    const v = f32x4.add(f32x4.mul(x, scale), shift);
    return f32x4.mul(v, v);
  }
}

@unmanaged
class TimesAffine {
  @inline
  apply(x: v128, dy: v128, multiplier: v128, offset: v128): v128 {
    return f32x4.mul(dy, f32x4.add(f32x4.mul(multiplier, x), offset));
  }
}

export function relu(from: i32, to: i32, x: usize, y: usize, negativeSlope: f32): void {
  const start = (<usize>from) << 2;
  map<Relu>(x + start, y + start, to - from, f32x4.splat(negativeSlope), f32x4.splat(0));
}

export function reluBackward(from: i32, to: i32, x: usize, dy: usize, dx: usize, negativeSlope: f32): void {
  const start = (<usize>from) << 2;
  zip<ReluGradient>(x + start, dy + start, dx + start, to - from, f32x4.splat(negativeSlope), f32x4.splat(0));
}

/** A piece is a plane of `inner` values; where `inner` is 1, a row of `dim` values. The same holds for the next kernel. */
export function prelu(from: i32, to: i32, x: usize, slope: usize, y: usize, dim: i32, inner: i32): void {
  mapDims<Relu>(from, to, x, y, slope, slope, dim, inner);
}

export function preluBackward(
  from: i32,
  to: i32,
  x: usize,
  slope: usize,
  dy: usize,
  dx: usize,
  dim: i32,
  inner: i32,
): void {
  zipDims<ReluGradient>(from, to, x, dy, dx, slope, slope, dim, inner);
}

/** A piece is a slope. */
export function preluBackwardSlope(
  from: i32,
  to: i32,
  x: usize,
  dy: usize,
  dslope: usize,
  outer: i32,
  dim: i32,
  inner: i32,
): void {
  sumDims<NegativeProduct>(from, to, dy, x, dslope, outer, dim, inner, true);
}

export function abs(from: i32, to: i32, x: usize, y: usize): void {
  const start = (<usize>from) << 2;
  map<Abs>(x + start, y + start, to - from, f32x4.splat(0), f32x4.splat(0));
}

export function absBackward(from: i32, to: i32, x: usize, dy: usize, dx: usize): void {
  const start = (<usize>from) << 2;
  zip<AbsGradient>(x + start, dy + start, dx + start, to - from, f32x4.splat(0), f32x4.splat(0));
}

export function sigmoid(from: i32, to: i32, x: usize, y: usize): void {
  const start = (<usize>from) << 2;
  map<Sigmoid>(x + start, y + start, to - from, f32x4.splat(0), f32x4.splat(0));
}

export function sigmoidBackward(from: i32, to: i32, y: usize, dy: usize, dx: usize): void {
  const start = (<usize>from) << 2;
  zip<SigmoidGradient>(y + start, dy + start, dx + start, to - from, f32x4.splat(0), f32x4.splat(0));
}

export function tanh(from: i32, to: i32, x: usize, y: usize): void {
  const start = (<usize>from) << 2;
  map<Tanh>(x + start, y + start, to - from, f32x4.splat(0), f32x4.splat(0));
}

export function tanhBackward(from: i32, to: i32, y: usize, dy: usize, dx: usize): void {
  const start = (<usize>from) << 2;
  zip<TanhGradient>(y + start, dy + start, dx + start, to - from, f32x4.splat(0), f32x4.splat(0));
}

/** y = (shift + scale·x)² */
export function square(from: i32, to: i32, x: usize, y: usize, scale: f32, shift: f32): void {
  const start = (<usize>from) << 2;
  map<Square>(x + start, y + start, to - from, f32x4.splat(scale), f32x4.splat(shift));
}

/** dx = dy·(multiplier·x + offset) */
export function squareBackward(from: i32, to: i32, x: usize, dy: usize, dx: usize, multiplier: f32, offset: f32): void {
  const start = (<usize>from) << 2;
  zip<TimesAffine>(x + start, dy + start, dx + start, to - from, f32x4.splat(multiplier), f32x4.splat(offset));
}
