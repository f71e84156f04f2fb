/**
 * The native BLAS, which TypeScript imports if there is one: C = alpha·op(A)·op(B) + beta·C, row-major; rows of each matrix
 * are `ld…` values apart. The compiler uses the name of this file as the module name of the imports.
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
