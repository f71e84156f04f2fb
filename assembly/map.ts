import { Lanes } from "./lanes";

// Loops that apply an operation to many values, four at a time. An operation is a class without fields whose method
// `apply` is inlined; `p` and `q` are its parameters. Remaining values go through the same operation in lane 0.
// All these loops may work in place.

/** y = op(x). Four vectors are computed side by side, so that long operations do not wait for their own results. */
export function map<Op>(x: usize, y: usize, count: i32, p: v128, q: v128): void {
  const op = changetype<Op>(0);
  for (; count >= 16; count -= 16) {
    const a = v128.load(x);
    const b = v128.load(x, 16);
    const c = v128.load(x, 32);
    const d = v128.load(x, 48);
    const opA = op.apply(a, p, q);
    const opB = op.apply(b, p, q);
    const opC = op.apply(c, p, q);
    const opD = op.apply(d, p, q);
    v128.store(y, opA);
    v128.store(y, opB, 16);
    v128.store(y, opC, 32);
    v128.store(y, opD, 48);
    x += 64;
    y += 64;
  }
  for (; count >= 4; count -= 4) {
    v128.store(y, op.apply(v128.load(x), p, q));
    x += 16;
    y += 16;
  }
  for (; count > 0; --count) {
    Lanes.storeOne(y, op.apply(Lanes.one(x), p, q));
    x += 4;
    y += 4;
  }
}

/** y = op(a, b) */
export function zip<Op>(a: usize, b: usize, y: usize, count: i32, p: v128, q: v128): void {
  const op = changetype<Op>(0);
  for (; count >= 8; count -= 8) {
    const a0 = v128.load(a);
    const a1 = v128.load(a, 16);
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const op0 = op.apply(a0, b0, p, q);
    const op1 = op.apply(a1, b1, p, q);
    v128.store(y, op0);
    v128.store(y, op1, 16);
    a += 32;
    b += 32;
    y += 32;
  }
  for (; count >= 4; count -= 4) {
    v128.store(y, op.apply(v128.load(a), v128.load(b), p, q));
    a += 16;
    b += 16;
    y += 16;
  }
  for (; count > 0; --count) {
    Lanes.storeOne(y, op.apply(Lanes.one(a), Lanes.one(b), p, q));
    a += 4;
    b += 4;
    y += 4;
  }
}

/**
 * y = op(x, p[d], q[d]) for x (outer, dim, inner). A piece is a plane of `inner` values, or a row of `dim` where
 * `inner` is 1.
 */
export function mapDims<Op>(from: i32, to: i32, x: usize, y: usize, p: usize, q: usize, dim: i32, inner: i32): void {
  const bytes = (<usize>(inner == 1 ? dim : inner)) << 2;
  const start = <usize>from * bytes;
  x += start;
  y += start;
  for (let piece = from; piece < to; ++piece) {
    if (inner == 1) mapRow<Op>(x, y, dim, p, q);
    else {
      const d = (<usize>(piece % dim)) << 2;
      map<Op>(x, y, inner, v128.load32_splat(p + d), v128.load32_splat(q + d));
    }
    x += bytes;
    y += bytes;
  }
}

/** `mapDims` with two inputs. */
export function zipDims<Op>(
  from: i32,
  to: i32,
  a: usize,
  b: usize,
  y: usize,
  p: usize,
  q: usize,
  dim: i32,
  inner: i32,
): void {
  const bytes = (<usize>(inner == 1 ? dim : inner)) << 2;
  const start = <usize>from * bytes;
  a += start;
  b += start;
  y += start;
  for (let piece = from; piece < to; ++piece) {
    if (inner == 1) zipRow<Op>(a, b, y, dim, p, q);
    else {
      const d = (<usize>(piece % dim)) << 2;
      zip<Op>(a, b, y, inner, v128.load32_splat(p + d), v128.load32_splat(q + d));
    }
    a += bytes;
    b += bytes;
    y += bytes;
  }
}

function mapRow<Op>(x: usize, y: usize, count: i32, p: usize, q: usize): void {
  const op = changetype<Op>(0);
  for (; count >= 4; count -= 4) {
    v128.store(y, op.apply(v128.load(x), v128.load(p), v128.load(q)));
    x += 16;
    y += 16;
    p += 16;
    q += 16;
  }
  for (; count > 0; --count) {
    Lanes.storeOne(y, op.apply(Lanes.one(x), Lanes.one(p), Lanes.one(q)));
    x += 4;
    y += 4;
    p += 4;
    q += 4;
  }
}

function zipRow<Op>(a: usize, b: usize, y: usize, count: i32, p: usize, q: usize): void {
  const op = changetype<Op>(0);
  for (; count >= 4; count -= 4) {
    v128.store(y, op.apply(v128.load(a), v128.load(b), v128.load(p), v128.load(q)));
    a += 16;
    b += 16;
    y += 16;
    p += 16;
    q += 16;
  }
  for (; count > 0; --count) {
    Lanes.storeOne(y, op.apply(Lanes.one(a), Lanes.one(b), Lanes.one(p), Lanes.one(q)));
    a += 4;
    b += 4;
    y += 4;
    p += 4;
    q += 4;
  }
}
