import { sgemm } from "./env";

/** A piece is a strip of C: 8 columns, or, with `byRows`, 8 rows. Matrices are row-major and dense. */
export function gemmBlas(
  from: i32,
  to: i32,
  byRows: bool,
  a: usize,
  b: usize,
  c: usize,
  m: i32,
  n: i32,
  k: i32,
  transA: bool,
  transB: bool,
  alpha: f32,
  beta: f32,
): void {
  const first = from * 8;
  const count = min(byRows ? m : n, to * 8) - first;
  const lda = transA ? m : k;
  const ldb = transB ? k : n;
  if (byRows) {
    const left = a + ((<usize>(transA ? first : first * k)) << 2);
    sgemm(transA, transB, count, n, k, alpha, left, lda, b, ldb, beta, c + ((<usize>(first * n)) << 2), n);
  } else {
    const right = b + ((<usize>(transB ? first * k : first)) << 2);
    sgemm(transA, transB, m, count, k, alpha, a, lda, right, ldb, beta, c + ((<usize>first) << 2), n);
  }
}
