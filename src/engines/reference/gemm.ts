import type { Arguments } from "./kernel.js";

export function gemm({ a, b, c, m, n, k, transA, transB, alpha, beta }: Arguments<"gemm">): void {
  const [aRow, aColumn] = transA ? [1, m] : [k, 1];
  const [bRow, bColumn] = transB ? [1, k] : [n, 1];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let total = 0;
      for (let p = 0; p < k; p++) total += a[i * aRow + p * aColumn] * b[p * bRow + j * bColumn];
      c[i * n + j] = beta === 0 ? alpha * total : alpha * total + beta * c[i * n + j];
    }
  }
}
