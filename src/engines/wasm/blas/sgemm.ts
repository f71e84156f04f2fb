/** C = alpha·op(A)·op(B) + beta·C, row-major; addresses are bytes in a wasm memory, `ld…` the distances of rows. */
export type Sgemm = (
  transA: number,
  transB: number,
  m: number,
  n: number,
  k: number,
  alpha: number,
  a: number,
  lda: number,
  b: number,
  ldb: number,
  beta: number,
  c: number,
  ldc: number,
) => void;

/** A native BLAS that was found and works, and what each thread needs to bind it for itself. */
export interface Blas {
  /** With its version, as far as it tells: `OpenBLAS 0.3.21`. */
  readonly name: string;
  /** The file of the package that calls native functions. */
  readonly koffi: string;
  /** The library's name or path, as the system's loader takes it. */
  readonly library: string;
}

/** The part of koffi that is used here. */
export interface Koffi {
  load(library: string): { func(declaration: string): (...args: unknown[]) => unknown };
  address(value: Uint8Array): bigint | number;
}

/**
 * Binds a library's `cblas_sgemm` to a memory, whose place never changes, for the calling thread. Sent to workers as
 * text: it uses nothing but its arguments.
 *
 * The library is told to compute on the thread that calls: threads are the engine's.
 *
 * @throws Error if the library, or the function in it, is not there
 */
export function bindSgemm(koffi: Koffi, library: string, buffer: ArrayBuffer | SharedArrayBuffer): Sgemm {
  const loaded = koffi.load(library);
  const ints = "int order, int transA, int transB, int m, int n, int k";
  const matrices = "float alpha, intptr_t a, int lda, intptr_t b, int ldb, float beta, intptr_t c, int ldc";
  const run = loaded.func(`void cblas_sgemm(${ints}, ${matrices})`);
  // Each library has one of these. Accelerate's is for the calling thread only, and so is BLIS's.
  const settings: readonly (readonly [string, number])[] = [
    ["void openblas_set_num_threads(int count)", 1],
    ["void MKL_Set_Num_Threads(int count)", 1],
    ["void bli_thread_set_num_threads(int64_t count)", 1],
    ["int BLASSetThreading(uint32_t mode)", 1],
  ];
  for (const [declaration, value] of settings) {
    let set: (value: number) => unknown;
    try {
      set = loaded.func(declaration);
    } catch {
      continue;
    }
    set(value);
  }
  const base = Number(koffi.address(new Uint8Array(buffer, 0, 1)));
  const [rowMajor, plain, transposed] = [101, 111, 112];
  // Addresses beyond 2 GiB come as negative numbers. A row has at least one value, even of an empty matrix.
  return (transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) => {
    const left = transA ? transposed : plain;
    const right = transB ? transposed : plain;
    const [aAt, bAt, cAt] = [base + (a >>> 0), base + (b >>> 0), base + (c >>> 0)];
    run(rowMajor, left, right, m, n, k, alpha, aAt, lda || 1, bAt, ldb || 1, beta, cAt, ldc || 1);
  };
}
