import { map, zip } from "./map";

// Activations that compare with given bounds. A piece is one value.

@unmanaged
class Clip {
  @inline
  apply(x: v128, low: v128, high: v128): v128 {
    return f32x4.pmax(low, f32x4.pmin(x, high));
  }
}

@unmanaged
class ClipGradient {
  @inline
  apply(x: v128, dy: v128, low: v128, high: v128): v128 {
    return v128.and(dy, v128.and(f32x4.ge(x, low), f32x4.le(x, high)));
  }
}

@unmanaged
class Threshold {
  @inline
  apply(x: v128, threshold: v128, _q: v128): v128 {
    return v128.and(f32x4.splat(1), f32x4.gt(x, threshold));
  }
}

export function clip(from: i32, to: i32, x: usize, y: usize, low: f32, high: f32): void {
  const start = (<usize>from) << 2;
  map<Clip>(x + start, y + start, to - from, f32x4.splat(low), f32x4.splat(high));
}

export function clipBackward(from: i32, to: i32, x: usize, dy: usize, dx: usize, low: f32, high: f32): void {
  const start = (<usize>from) << 2;
  zip<ClipGradient>(x + start, dy + start, dx + start, to - from, f32x4.splat(low), f32x4.splat(high));
}

export function threshold(from: i32, to: i32, x: usize, y: usize, threshold: f32): void {
  const start = (<usize>from) << 2;
  map<Threshold>(x + start, y + start, to - from, f32x4.splat(threshold), f32x4.splat(0));
}
