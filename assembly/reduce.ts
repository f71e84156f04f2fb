import { Lanes } from "./lanes";

// Sums. A few values are added up in single precision, and these partial sums in double precision. This is as fast as memory
// allows, and as exact as double precision throughout. A term is a class without fields. Its method `of` computes the four
// terms to add from the values at two addresses; `one` computes a single term.

/** The most values that are added up in single precision. */
const chunk: i32 = 256;

@unmanaged
export class First {
  @inline
  of(a: usize, _b: usize): v128 {
    return v128.load(a);
  }

  @inline
  one(a: usize, _b: usize): f64 {
    return <f64>load<f32>(a);
  }
}

@unmanaged
export class Product {
  @inline
  of(a: usize, b: usize): v128 {
    return f32x4.mul(v128.load(a), v128.load(b));
  }

  @inline
  one(a: usize, b: usize): f64 {
    return <f64>load<f32>(a) * <f64>load<f32>(b);
  }
}

/** Σ term(a, b) over `count` values */
export function total<Term>(a: usize, b: usize, count: i32): f64 {
  let sum: f64 = 0;
  for (; count >= 16; ) {
    const size = min(chunk, count & ~15);
    const bytes = (<usize>size) << 2;
    sum += chunkTotal<Term>(a, b, size);
    a += bytes;
    b += bytes;
    count -= size;
  }
  return sum + columnTotal<Term>(a, b, count, 4);
}

/** The sum of a multiple of 16 values. */
function chunkTotal<Term>(a: usize, b: usize, count: i32): f64 {
  const term = changetype<Term>(0);
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  for (; count > 0; count -= 16) {
    s0 = f32x4.add(s0, term.of(a, b));
    s1 = f32x4.add(s1, term.of(a + 16, b + 16));
    s2 = f32x4.add(s2, term.of(a + 32, b + 32));
    s3 = f32x4.add(s3, term.of(a + 48, b + 48));
    a += 64;
    b += 64;
  }
  return Lanes.sum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

/** For each of four neighbouring columns, Σ term(a, b) over `rows`, `stride` bytes apart; `sums` are f64. */
export function columnTotals<Term>(a: usize, b: usize, rows: i32, stride: usize, sums: usize): void {
  const term = changetype<Term>(0);
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  for (; rows > 0; --rows) {
    const v = term.of(a, b);
    s0 = f64x2.add(s0, Lanes.low(v));
    s1 = f64x2.add(s1, Lanes.high(v));
    a += stride;
    b += stride;
  }
  v128.store(sums, s0);
  v128.store(sums, s1, 16);
}

/** `columnTotals` for one column. */
export function columnTotal<Term>(a: usize, b: usize, rows: i32, stride: usize): f64 {
  const term = changetype<Term>(0);
  let sum: f64 = 0;
  for (; rows > 0; --rows) {
    sum += term.one(a, b);
    a += stride;
    b += stride;
  }
  return sum;
}

/** y[0] = alpha·Σ a·b + beta·y[0]; with beta 0, y is not read. One piece. */
export function dot(_from: i32, _to: i32, a: usize, b: usize, y: usize, count: i32, alpha: f64, beta: f64): void {
  const sum = alpha * total<Product>(a, b, count);
  store<f32>(y, <f32>(beta == 0 ? sum : sum + beta * <f64>load<f32>(y)));
}
