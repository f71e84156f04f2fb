import { type Case, kernelCase, type Maker } from "../maker.js";

interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transA?: boolean;
  readonly transB?: boolean;
  readonly alpha?: number;
  readonly beta?: number;
}

function product({ m, n, k, transA = false, transB = false, alpha = 1, beta = 0 }: Product): Case {
  const title = `${m}×${n}×${k}${transA ? " Aᵀ" : ""}${transB ? " Bᵀ" : ""} alpha ${alpha} beta ${beta}`;
  return kernelCase("gemm", title, (make: Maker) => ({
    a: make.normal(m * k),
    b: make.normal(k * n),
    c: beta === 0 ? make.out(m * n) : make.normal(m * n),
    m,
    n,
    k,
    transA,
    transB,
    alpha,
    beta,
  }));
}

const transposes = [false, true].flatMap((transA) => [false, true].map((transB) => ({ transA, transB })));
const edges = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 31, 33];

export const gemmCases: readonly Case[] = [
  // Every edge in each direction, the others small.
  ...transposes.flatMap((trans) =>
    edges.flatMap((size) => [
      product({ m: size, n: 9, k: 7, ...trans }),
      product({ m: 6, n: size, k: 5, alpha: -0.5, beta: 1, ...trans }),
      product({ m: 11, n: 10, k: size, alpha: 2, beta: 0.5, ...trans }),
    ]),
  ),
  // One and two more than blocks hold, in each direction: 190 rows, 256 steps, 1024 columns.
  ...transposes.flatMap((trans) => [
    product({ m: 191, n: 17, k: 9, ...trans }),
    product({ m: 9, n: 1025, k: 6, ...trans }),
    product({ m: 7, n: 9, k: 257, beta: 1, ...trans }),
    product({ m: 13, n: 11, k: 770, alpha: 0.1, ...trans }),
    product({ m: 1030, n: 7, k: 5, ...trans }),
    product({ m: 192, n: 260, k: 260, beta: -2, ...trans }),
    product({ m: 1, n: 2050, k: 35, beta: 1, ...trans }),
    product({ m: 1, n: 70, k: 2051, alpha: 3, ...trans }),
    product({ m: 530, n: 1, k: 61, beta: 0.25, ...trans }),
    product({ m: 3, n: 1, k: 3000, ...trans }),
  ]),
  // Blocks that are full in all directions.
  product({ m: 190, n: 1024, k: 256 }),
  // Nothing to do, and nothing to add up.
  ...transposes.flatMap((trans) => [
    product({ m: 0, n: 3, k: 2, ...trans }),
    product({ m: 3, n: 0, k: 2, ...trans }),
    product({ m: 3, n: 5, k: 0, ...trans }),
    product({ m: 3, n: 5, k: 0, beta: 1, ...trans }),
    product({ m: 3, n: 5, k: 0, beta: 0.5, ...trans }),
    product({ m: 1, n: 5, k: 0, beta: 0.5, ...trans }),
    product({ m: 5, n: 1, k: 0, ...trans }),
  ]),
  product({ m: 5, n: 8, k: 3, alpha: 0 }),
  kernelCase("gemm", "what is not a number stays in its row and column", (m) => {
    const a = m.normal(7 * 6);
    const b = m.normal(6 * 11);
    a.array[2 * 6 + 3] = Number.NaN;
    b.array[4 * 11 + 9] = Number.POSITIVE_INFINITY;
    return { a, b, c: m.out(77), m: 7, n: 11, k: 6, transA: false, transB: false, alpha: 1, beta: 0 };
  }),
  kernelCase("gemm", "a matrix with itself", (m) => {
    const a = m.normal(12 * 12);
    return { a, b: a, c: m.out(144), m: 12, n: 12, k: 12, transA: true, transB: false, alpha: 1, beta: 0 };
  }),
];
