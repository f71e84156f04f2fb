import { times } from "./elementwise";

/** Columns of C that stay in the L1 cache while all rows of B are added to them. */
const maxRun: i32 = 2048;

/**
 * C[1, n] = alpha·A[1, k]·op(B) + beta·C: a product with too few rows for packing to save time. A piece is a strip of 8 columns.
 */
export function gemv(
  from: i32,
  to: i32,
  a: usize,
  b: usize,
  c: usize,
  n: i32,
  k: i32,
  transB: bool,
  alpha: f32,
  beta: f32,
): void {
  const column0 = from * 8;
  const column1 = min(n, to * 8);
  if (transB) {
    for (let column = column0; column < column1; column += 4) {
      const row = b + <usize>column * ((<usize>k) << 2);
      const y = c + ((<usize>column) << 2);
      if (column + 4 <= column1) fourDots(a, row, y, k, alpha, beta);
      else
        for (let i = 0; i < column1 - column; ++i)
          oneDot(a, row + <usize>i * ((<usize>k) << 2), y + ((<usize>i) << 2), k, alpha, beta);
    }
    return;
  }
  const start = c + ((<usize>column0) << 2);
  if (beta == 0) memory.fill(start, 0, (<usize>(column1 - column0)) << 2);
  else if (beta != 1) times(0, column1 - column0, start, start, beta);
  for (let column = column0; column < column1; column += maxRun) {
    const at = (<usize>column) << 2;
    addRows(a, b + at, c + at, min(maxRun, column1 - column), n, k, alpha);
  }
}

function put(y: usize, sum: f32, alpha: f32, beta: f32): void {
  store<f32>(y, beta == 0 ? alpha * sum : alpha * sum + beta * load<f32>(y));
}

/** y[0 … 3] = the products of a with four rows of B */
function fourDots(a: usize, b: usize, y: usize, k: i32, alpha: f32, beta: f32): void {
  const row = (<usize>k) << 2;
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  for (; k >= 4; k -= 4) {
    const v = v128.load(a);
    s0 = f32x4.add(s0, f32x4.mul(v, v128.load(b)));
    s1 = f32x4.add(s1, f32x4.mul(v, v128.load(b + row)));
    s2 = f32x4.add(s2, f32x4.mul(v, v128.load(b + 2 * row)));
    s3 = f32x4.add(s3, f32x4.mul(v, v128.load(b + 3 * row)));
    a += 16;
    b += 16;
  }
  for (; k > 0; --k) {
    const v = v128.load32_zero(a);
    s0 = f32x4.add(s0, f32x4.mul(v, v128.load32_zero(b)));
    s1 = f32x4.add(s1, f32x4.mul(v, v128.load32_zero(b + row)));
    s2 = f32x4.add(s2, f32x4.mul(v, v128.load32_zero(b + 2 * row)));
    s3 = f32x4.add(s3, f32x4.mul(v, v128.load32_zero(b + 3 * row)));
    a += 4;
    b += 4;
  }
  put(y, lanes(s0), alpha, beta);
  put(y + 4, lanes(s1), alpha, beta);
  put(y + 8, lanes(s2), alpha, beta);
  put(y + 12, lanes(s3), alpha, beta);
}

function oneDot(a: usize, b: usize, y: usize, k: i32, alpha: f32, beta: f32): void {
  let s = f32x4.splat(0);
  for (; k >= 4; k -= 4) {
    s = f32x4.add(s, f32x4.mul(v128.load(a), v128.load(b)));
    a += 16;
    b += 16;
  }
  for (; k > 0; --k) {
    s = f32x4.add(s, f32x4.mul(v128.load32_zero(a), v128.load32_zero(b)));
    a += 4;
    b += 4;
  }
  put(y, lanes(s), alpha, beta);
}

function lanes(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** c[0 … count) += alpha·a·B, four rows of B at a time */
function addRows(a: usize, b: usize, c: usize, count: i32, n: i32, k: i32, alpha: f32): void {
  const row = (<usize>n) << 2;
  for (; k >= 4; k -= 4) {
    addFourRows(a, b, c, count, row, alpha);
    a += 16;
    b += 4 * row;
  }
  for (; k > 0; --k) {
    const v = alpha * load<f32>(a);
    for (let i: usize = 0; i < (<usize>count) << 2; i += 4) {
      store<f32>(c + i, load<f32>(c + i) + v * load<f32>(b + i));
    }
    a += 4;
    b += row;
  }
}

function addFourRows(a: usize, b: usize, c: usize, count: i32, row: usize, alpha: f32): void {
  const multiplier = f32x4.splat(alpha);
  const v0 = f32x4.mul(multiplier, v128.load32_splat(a));
  const v1 = f32x4.mul(multiplier, v128.load32_splat(a, 4));
  const v2 = f32x4.mul(multiplier, v128.load32_splat(a, 8));
  const v3 = f32x4.mul(multiplier, v128.load32_splat(a, 12));
  for (; count >= 4; count -= 4) {
    const s = f32x4.add(f32x4.mul(v0, v128.load(b)), f32x4.mul(v1, v128.load(b + row)));
    const t = f32x4.add(f32x4.mul(v2, v128.load(b + 2 * row)), f32x4.mul(v3, v128.load(b + 3 * row)));
    v128.store(c, f32x4.add(v128.load(c), f32x4.add(s, t)));
    b += 16;
    c += 16;
  }
  for (; count > 0; --count) {
    const s = f32x4.add(f32x4.mul(v0, v128.load32_zero(b)), f32x4.mul(v1, v128.load32_zero(b + row)));
    const t = f32x4.add(f32x4.mul(v2, v128.load32_zero(b + 2 * row)), f32x4.mul(v3, v128.load32_zero(b + 3 * row)));
    v128.store32_lane(c, f32x4.add(v128.load32_zero(c), f32x4.add(s, t)), 0);
    b += 4;
    c += 4;
  }
}
