/** C = alpha·op(A)·op(B) + beta·C, row-major. Addresses are in bytes in a wasm memory, row distances `ld…` in values. */
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

/** A native BLAS that was found and works, in a form that each thread can bind for itself. */
export interface Blas {
  /** Its name, with the version if the library tells it: `OpenBLAS 0.3.21`. */
  readonly name: string;
  /** The file of the package that calls native functions. */
  readonly koffi: string;
  /** The library's name or path, for the system's loader. */
  readonly library: string;
}

/** The part of koffi that is used here. */
export interface Koffi {
  load(library: string): { func(declaration: string): (...args: unknown[]) => unknown };
  address(value: Uint8Array): bigint | number;
}

/**
 * Binds a library's `cblas_sgemm` to a memory, which never moves, for the calling thread. This function is sent to workers
 * as text, so it uses only its arguments.
 *
 * The library is set to compute on the calling thread, because the engine has threads of its own.
 *
 * @throws Error if the library, or the function in it, does not exist
 */
export function bindSgemm(koffi: Koffi, library: string, buffer: ArrayBuffer | SharedArrayBuffer): Sgemm {
  const loaded = koffi.load(library);
  const ints = "int order, int transA, int transB, int m, int n, int k";
  const matrices = "float alpha, intptr_t a, int lda, intptr_t b, int ldb, float beta, intptr_t c, int ldc";
  const run = loaded.func(`void cblas_sgemm(${ints}, ${matrices})`);
  // Each library has one of these functions. Accelerate's and BLIS's affect only the calling thread.
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
  // Addresses above 2 GiB arrive as negative numbers. BLAS requires a row distance of at least 1, even for an empty matrix.
  return (transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) => {
    const left = transA ? transposed : plain;
    const right = transB ? transposed : plain;
    const [aAt, bAt, cAt] = [base + (a >>> 0), base + (b >>> 0), base + (c >>> 0)];
    run(rowMajor, left, right, m, n, k, alpha, aAt, lda || 1, bAt, ldb || 1, beta, cAt, ldc || 1);
  };
}
