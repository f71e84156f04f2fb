import { type Bind, call, grainOf } from "./call.js";

/** Pieces are strips of C: 8 columns, or 20 rows if C is high. */
const stripColumns = 8;
const stripRows = 20;

export const gemm: Bind<"gemm"> = ({ a, b, c, m, n, k, transA, transB, alpha, beta }, at) => {
  const [left, right, target] = [at(a, m * k), at(b, k * n), at(c, m * n)];
  // A product with a vector takes less time than packing its matrix. If C is a column, the product is computed transposed.
  const grain = grainOf(stripColumns * k);
  if (m === 1) return call("gemv", strips(n), [left, right, target, n, k, transB, alpha, beta], { grain });
  if (n === 1) return call("gemv", strips(m), [right, left, target, m, k, !transA, alpha, beta], { grain });
  const byRows = m > n;
  const pieces = m * n === 0 ? 0 : byRows ? Math.ceil(m / stripRows) : strips(n);
  const numbers = [byRows, left, right, target, m, n, k, transA, transB, alpha, beta];
  return call("gemm", pieces, numbers, { scratch: "gemmScratch" });
};

function strips(columns: number): number {
  return Math.ceil(columns / stripColumns);
}
