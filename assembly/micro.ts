import { Lanes } from "./lanes";

// The innermost part of every matrix product: a tile of C stays in registers while A and B, packed along k, are read.
// The tall tile has 6×8 values where relaxed SIMD multiplies and adds in one instruction. Otherwise it has 5×8, the most
// for which multiply and add leave enough registers. Tiles of 4×8 cover the rows that remain. The first step is peeled off,
// so that V8 computes addresses once; the loop is not unrolled, since that would spill registers.

/** Rows of the tall tile. */
export const tall: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 5;

/** C[tall, 8] = A[k, tall]ᵀ·B[k, 8], added to C if `add`; k ≥ 1, rows of C `ldc` bytes apart */
export function microTall(k: i32, a: usize, b: usize, c: usize, ldc: usize, add: bool): void {
  if (ASC_FEATURE_RELAXED_SIMD) micro6(k, a, b, c, ldc, add);
  else micro5(k, a, b, c, ldc, add);
}

function micro6(k: i32, a: usize, b: usize, c: usize, ldc: usize, add: bool): void {
  let b0 = v128.load(b);
  let b1 = v128.load(b, 16);
  let v = v128.load32_splat(a);
  let c00 = f32x4.mul(v, b0);
  let c01 = f32x4.mul(v, b1);
  v = v128.load32_splat(a, 4);
  let c10 = f32x4.mul(v, b0);
  let c11 = f32x4.mul(v, b1);
  v = v128.load32_splat(a, 8);
  let c20 = f32x4.mul(v, b0);
  let c21 = f32x4.mul(v, b1);
  v = v128.load32_splat(a, 12);
  let c30 = f32x4.mul(v, b0);
  let c31 = f32x4.mul(v, b1);
  v = v128.load32_splat(a, 16);
  let c40 = f32x4.mul(v, b0);
  let c41 = f32x4.mul(v, b1);
  v = v128.load32_splat(a, 20);
  let c50 = f32x4.mul(v, b0);
  let c51 = f32x4.mul(v, b1);
  a += 24;
  b += 32;
  for (k -= 1; k > 0; --k) {
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    v = v128.load32_splat(a);
    c00 = Lanes.madd(v, b0, c00);
    c01 = Lanes.madd(v, b1, c01);
    v = v128.load32_splat(a, 4);
    c10 = Lanes.madd(v, b0, c10);
    c11 = Lanes.madd(v, b1, c11);
    v = v128.load32_splat(a, 8);
    c20 = Lanes.madd(v, b0, c20);
    c21 = Lanes.madd(v, b1, c21);
    v = v128.load32_splat(a, 12);
    c30 = Lanes.madd(v, b0, c30);
    c31 = Lanes.madd(v, b1, c31);
    v = v128.load32_splat(a, 16);
    c40 = Lanes.madd(v, b0, c40);
    c41 = Lanes.madd(v, b1, c41);
    v = v128.load32_splat(a, 20);
    c50 = Lanes.madd(v, b0, c50);
    c51 = Lanes.madd(v, b1, c51);
    a += 24;
    b += 32;
  }
  if (add) {
    addRow(c, c00, c01);
    addRow(c + ldc, c10, c11);
    addRow(c + 2 * ldc, c20, c21);
    addRow(c + 3 * ldc, c30, c31);
    addRow(c + 4 * ldc, c40, c41);
    addRow(c + 5 * ldc, c50, c51);
  } else {
    putRow(c, c00, c01);
    putRow(c + ldc, c10, c11);
    putRow(c + 2 * ldc, c20, c21);
    putRow(c + 3 * ldc, c30, c31);
    putRow(c + 4 * ldc, c40, c41);
    putRow(c + 5 * ldc, c50, c51);
  }
}

function micro5(k: i32, a: usize, b: usize, c: usize, ldc: usize, add: bool): void {
  let b0 = v128.load(b);
  let b1 = v128.load(b, 16);
  let v = v128.load32_splat(a);
  let c00 = f32x4.mul(v, b0);
  let c01 = f32x4.mul(v, b1);
  v = v128.load32_splat(a, 4);
  let c10 = f32x4.mul(v, b0);
  let c11 = f32x4.mul(v, b1);
  v = v128.load32_splat(a, 8);
  let c20 = f32x4.mul(v, b0);
  let c21 = f32x4.mul(v, b1);
  v = v128.load32_splat(a, 12);
  let c30 = f32x4.mul(v, b0);
  let c31 = f32x4.mul(v, b1);
  v = v128.load32_splat(a, 16);
  let c40 = f32x4.mul(v, b0);
  let c41 = f32x4.mul(v, b1);
  a += 20;
  b += 32;
  for (k -= 1; k > 0; --k) {
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    v = v128.load32_splat(a);
    c00 = Lanes.madd(v, b0, c00);
    c01 = Lanes.madd(v, b1, c01);
    v = v128.load32_splat(a, 4);
    c10 = Lanes.madd(v, b0, c10);
    c11 = Lanes.madd(v, b1, c11);
    v = v128.load32_splat(a, 8);
    c20 = Lanes.madd(v, b0, c20);
    c21 = Lanes.madd(v, b1, c21);
    v = v128.load32_splat(a, 12);
    c30 = Lanes.madd(v, b0, c30);
    c31 = Lanes.madd(v, b1, c31);
    v = v128.load32_splat(a, 16);
    c40 = Lanes.madd(v, b0, c40);
    c41 = Lanes.madd(v, b1, c41);
    a += 20;
    b += 32;
  }
  if (add) {
    addRow(c, c00, c01);
    addRow(c + ldc, c10, c11);
    addRow(c + 2 * ldc, c20, c21);
    addRow(c + 3 * ldc, c30, c31);
    addRow(c + 4 * ldc, c40, c41);
  } else {
    putRow(c, c00, c01);
    putRow(c + ldc, c10, c11);
    putRow(c + 2 * ldc, c20, c21);
    putRow(c + 3 * ldc, c30, c31);
    putRow(c + 4 * ldc, c40, c41);
  }
}

/** C[4, 8] = A[k, 4]ᵀ·B[k, 8], in the same way */
export function micro4(k: i32, a: usize, b: usize, c: usize, ldc: usize, add: bool): void {
  let b0 = v128.load(b);
  let b1 = v128.load(b, 16);
  let v = v128.load32_splat(a);
  let c00 = f32x4.mul(v, b0);
  let c01 = f32x4.mul(v, b1);
  v = v128.load32_splat(a, 4);
  let c10 = f32x4.mul(v, b0);
  let c11 = f32x4.mul(v, b1);
  v = v128.load32_splat(a, 8);
  let c20 = f32x4.mul(v, b0);
  let c21 = f32x4.mul(v, b1);
  v = v128.load32_splat(a, 12);
  let c30 = f32x4.mul(v, b0);
  let c31 = f32x4.mul(v, b1);
  a += 16;
  b += 32;
  for (k -= 1; k > 0; --k) {
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    v = v128.load32_splat(a);
    c00 = Lanes.madd(v, b0, c00);
    c01 = Lanes.madd(v, b1, c01);
    v = v128.load32_splat(a, 4);
    c10 = Lanes.madd(v, b0, c10);
    c11 = Lanes.madd(v, b1, c11);
    v = v128.load32_splat(a, 8);
    c20 = Lanes.madd(v, b0, c20);
    c21 = Lanes.madd(v, b1, c21);
    v = v128.load32_splat(a, 12);
    c30 = Lanes.madd(v, b0, c30);
    c31 = Lanes.madd(v, b1, c31);
    a += 16;
    b += 32;
  }
  if (add) {
    addRow(c, c00, c01);
    addRow(c + ldc, c10, c11);
    addRow(c + 2 * ldc, c20, c21);
    addRow(c + 3 * ldc, c30, c31);
  } else {
    putRow(c, c00, c01);
    putRow(c + ldc, c10, c11);
    putRow(c + 2 * ldc, c20, c21);
    putRow(c + 3 * ldc, c30, c31);
  }
}

function addRow(c: usize, low: v128, high: v128): void {
  v128.store(c, f32x4.add(v128.load(c), low));
  v128.store(c, f32x4.add(v128.load(c, 16), high), 16);
}

function putRow(c: usize, low: v128, high: v128): void {
  v128.store(c, low);
  v128.store(c, high, 16);
}
