/**
 * The native BLAS, which TypeScript brings where there is one: C = alpha·op(A)·op(B) + beta·C, row-major; rows of each
 * are `ld…` values apart. The compiler takes the name of this file for that of the imports.
 */
export declare function sgemm(
  transA: bool,
  transB: bool,
  m: i32,
  n: i32,
  k: i32,
  alpha: f32,
  a: usize,
  lda: i32,
  b: usize,
  ldb: i32,
  beta: f32,
  c: usize,
  ldc: i32,
): void;
