import { Finish } from "./finish";
import { Lanes } from "./lanes";
import { map, zip } from "./map";
import { workspace } from "./workspace";

// A piece is one value unless a comment says otherwise.

@unmanaged
class Constant {
  @inline
  apply(_x: v128, p: v128, _q: v128): v128 {
    return p;
  }
}

@unmanaged
class Same {
  @inline
  apply(x: v128, _p: v128, _q: v128): v128 {
    return x;
  }
}

@unmanaged
class Affine {
  @inline
  apply(x: v128, p: v128, q: v128): v128 {
    return f32x4.add(f32x4.mul(x, p), q);
  }
}

@unmanaged
class Times {
  @inline
  apply(x: v128, p: v128, _q: v128): v128 {
    return f32x4.mul(x, p);
  }
}

@unmanaged
class WeightedSum {
  @inline
  apply(x: v128, y: v128, a: v128, b: v128): v128 {
    return f32x4.add(f32x4.mul(a, x), f32x4.mul(b, y));
  }
}

@unmanaged
class Product {
  @inline
  apply(a: v128, b: v128, p: v128, _q: v128): v128 {
    return f32x4.mul(f32x4.mul(a, b), p);
  }
}

@unmanaged
class Quotient {
  @inline
  apply(a: v128, b: v128, _p: v128, _q: v128): v128 {
    return f32x4.div(a, b);
  }
}

@unmanaged
class WhereEqual {
  @inline
  apply(x: v128, mask: v128, p: v128, _q: v128): v128 {
    return v128.and(x, f32x4.eq(mask, p));
  }
}

export function fill(from: i32, to: i32, y: usize, value: f32): void {
  const start = y + ((<usize>from) << 2);
  if (reinterpret<i32>(value) == 0) memory.fill(start, 0, (<usize>(to - from)) << 2);
  else map<Constant>(start, start, to - from, f32x4.splat(value), f32x4.splat(0));
}

export function copy(from: i32, to: i32, x: usize, y: usize): void {
  const start = (<usize>from) << 2;
  memory.copy(y + start, x + start, (<usize>(to - from)) << 2);
}

/** A piece is a row; strides are in bytes. */
export function copyRows(from: i32, to: i32, x: usize, y: usize, width: i32, xStride: usize, yStride: usize): void {
  x += <usize>from * xStride;
  y += <usize>from * yStride;
  for (let row = from; row < to; ++row) {
    if (width >= 128) memory.copy(y, x, (<usize>width) << 2);
    else map<Same>(x, y, width, f32x4.splat(0), f32x4.splat(0));
    x += xStride;
    y += yStride;
  }
}

/** y = scale·x + shift */
export function affine(from: i32, to: i32, x: usize, y: usize, scale: f32, shift: f32): void {
  const start = (<usize>from) << 2;
  map<Affine>(x + start, y + start, to - from, f32x4.splat(scale), f32x4.splat(shift));
}

/** y = a·x, without reading y */
export function times(from: i32, to: i32, x: usize, y: usize, a: f32): void {
  const start = (<usize>from) << 2;
  map<Times>(x + start, y + start, to - from, f32x4.splat(a), f32x4.splat(0));
}

/** y = alpha·multiplier[0]·x */
export function scaleBy(from: i32, to: i32, x: usize, multiplier: usize, y: usize, alpha: f32): void {
  times(from, to, x, y, alpha * load<f32>(multiplier));
}

export function axpby(from: i32, to: i32, x: usize, y: usize, a: f32, b: f32): void {
  const start = (<usize>from) << 2;
  zip<WeightedSum>(x + start, y + start, y + start, to - from, f32x4.splat(a), f32x4.splat(b));
}

/** y = a·b·scale */
export function mul(from: i32, to: i32, a: usize, b: usize, y: usize, scale: f32): void {
  const start = (<usize>from) << 2;
  zip<Product>(a + start, b + start, y + start, to - from, f32x4.splat(scale), f32x4.splat(0));
}

export function div(from: i32, to: i32, a: usize, b: usize, y: usize): void {
  const start = (<usize>from) << 2;
  zip<Quotient>(a + start, b + start, y + start, to - from, f32x4.splat(0), f32x4.splat(0));
}

/** y = act(Σ coefficients[i]·xs[i]); the table holds the addresses, then the coefficients */
export function sum(from: i32, to: i32, y: usize, inputs: i32, negativeSlope: f32): void {
  const addresses = workspace;
  const coefficients = workspace + ((<usize>inputs) << 2);
  const last = (<usize>inputs) << 2;
  let at = (<usize>from) << 2;
  let count = to - from;
  const l = f32x4.splat(negativeSlope);
  for (; count >= 16; count -= 16) {
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    let s2 = f32x4.splat(0);
    let s3 = f32x4.splat(0);
    for (let i: usize = 0; i < last; i += 4) {
      const x = load<usize>(addresses + i) + at;
      const c = v128.load32_splat(coefficients + i);
      s0 = f32x4.add(s0, f32x4.mul(c, v128.load(x)));
      s1 = f32x4.add(s1, f32x4.mul(c, v128.load(x, 16)));
      s2 = f32x4.add(s2, f32x4.mul(c, v128.load(x, 32)));
      s3 = f32x4.add(s3, f32x4.mul(c, v128.load(x, 48)));
    }
    v128.store(y + at, Finish.act(s0, l));
    v128.store(y + at, Finish.act(s1, l), 16);
    v128.store(y + at, Finish.act(s2, l), 32);
    v128.store(y + at, Finish.act(s3, l), 48);
    at += 64;
  }
  for (; count > 0; --count) {
    let s: f32 = 0;
    for (let i: usize = 0; i < last; i += 4)
      s += load<f32>(coefficients + i) * load<f32>(load<usize>(addresses + i) + at);
    Lanes.storeOne(y + at, Finish.act(f32x4.splat(s), l));
    at += 4;
  }
}

export function maxOf(from: i32, to: i32, x: usize, y: usize, mask: usize, index: f32, ties: bool): void {
  const where = f32x4.splat(index);
  let at = (<usize>from) << 2;
  let count = to - from;
  for (; count >= 4; count -= 4) {
    const a = v128.load(x + at);
    const b = v128.load(y + at);
    const wins = ties ? v128.not(f32x4.gt(b, a)) : f32x4.gt(a, b);
    v128.store(y + at, v128.bitselect(a, b, wins));
    v128.store(mask + at, v128.bitselect(where, v128.load(mask + at), wins));
    at += 16;
  }
  for (; count > 0; --count) {
    const a = load<f32>(x + at);
    const b = load<f32>(y + at);
    if (ties ? !(b > a) : a > b) {
      store<f32>(y + at, a);
      store<f32>(mask + at, index);
    }
    at += 4;
  }
}

export function maxOfBackward(from: i32, to: i32, dy: usize, mask: usize, dx: usize, index: f32): void {
  const start = (<usize>from) << 2;
  zip<WhereEqual>(dy + start, mask + start, dx + start, to - from, f32x4.splat(index), f32x4.splat(0));
}
