import { map, zip } from "./map";

// Activations of straight pieces. A piece of work is one value. All pass NaN on.

@unmanaged
class HardSwish {
  @inline
  apply(x: v128, _p: v128, _q: v128): v128 {
    const gate = f32x4.pmin(f32x4.pmax(f32x4.add(x, f32x4.splat(3)), f32x4.splat(0)), f32x4.splat(6));
    return f32x4.div(f32x4.mul(x, gate), f32x4.splat(6));
  }
}

@unmanaged
class HardSwishGradient {
  @inline
  apply(x: v128, dy: v128, _p: v128, _q: v128): v128 {
    const middle = f32x4.div(f32x4.add(f32x4.add(x, x), f32x4.splat(3)), f32x4.splat(6));
    const upper = v128.bitselect(f32x4.splat(1), middle, f32x4.ge(x, f32x4.splat(3)));
    const slope = v128.bitselect(f32x4.splat(0), upper, f32x4.le(x, f32x4.splat(-3)));
    return f32x4.mul(dy, slope);
  }
}

@unmanaged
class HardSigmoid {
  @inline
  apply(x: v128, alpha: v128, beta: v128): v128 {
    const line = f32x4.add(f32x4.mul(x, alpha), beta);
    return f32x4.pmin(f32x4.pmax(line, f32x4.splat(0)), f32x4.splat(1));
  }
}

@unmanaged
class HardSigmoidGradient {
  @inline
  apply(y: v128, dy: v128, alpha: v128, _q: v128): v128 {
    const inside = v128.and(f32x4.gt(y, f32x4.splat(0)), f32x4.lt(y, f32x4.splat(1)));
    return v128.and(f32x4.mul(dy, alpha), inside);
  }
}

export function hardSwish(from: i32, to: i32, x: usize, y: usize): void {
  const start = (<usize>from) << 2;
  map<HardSwish>(x + start, y + start, to - from, f32x4.splat(0), f32x4.splat(0));
}

export function hardSwishBackward(from: i32, to: i32, x: usize, dy: usize, dx: usize): void {
  const start = (<usize>from) << 2;
  zip<HardSwishGradient>(x + start, dy + start, dx + start, to - from, f32x4.splat(0), f32x4.splat(0));
}

export function hardSigmoid(from: i32, to: i32, x: usize, y: usize, alpha: f32, beta: f32): void {
  const start = (<usize>from) << 2;
  map<HardSigmoid>(x + start, y + start, to - from, f32x4.splat(alpha), f32x4.splat(beta));
}

export function hardSigmoidBackward(from: i32, to: i32, y: usize, dy: usize, dx: usize, alpha: f32): void {
  const start = (<usize>from) << 2;
  zip<HardSigmoidGradient>(y + start, dy + start, dx + start, to - from, f32x4.splat(alpha), f32x4.splat(0));
}
