import { createRequire } from "node:module";
import { platform } from "node:process";
import { MokaError, reasonOf } from "../../../util/errors.js";
import { type Blas, bindSgemm, type Koffi, type Sgemm } from "./sgemm.js";

const require = createRequire(import.meta.url);

/** Names and paths of libraries, fastest first. The plain BLAS of a distribution is left out: it is slower than WebAssembly. */
const candidates: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: [
    "/System/Library/Frameworks/Accelerate.framework/Accelerate",
    "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
    "/usr/local/opt/openblas/lib/libopenblas.dylib",
  ],
  win32: ["libopenblas.dll", "openblas.dll", "libblis.dll", "mkl_rt.2.dll", "mkl_rt.1.dll"],
  linux: [
    ...["libopenblas.so.0", "libopenblasp.so.0", "libopenblas.so.3", "libopenblas.so"],
    ...["libblis.so.4", "libblis.so"],
    ...["libmkl_rt.so.2", "libmkl_rt.so.1", "libmkl_rt.so"],
  ],
};

/**
 * Looks for a native BLAS: OpenBLAS, MKL, BLIS, or Apple's Accelerate. If the environment variable `MOKA_BLAS` names a
 * library, only that one is tried. It must multiply two small matrices correctly.
 *
 * @throws MokaError `MOKA_UNSUPPORTED`, with the libraries that were tried, if there is none
 */
export function findBlas(): Blas {
  const wanted = process.env["MOKA_BLAS"];
  const libraries = wanted ? [wanted] : (candidates[platform] ?? candidates.linux ?? []);
  const path = koffiPath();
  const koffi = require(path) as Koffi;
  const failures: string[] = [];
  for (const library of libraries) {
    try {
      return { name: tryBlas(koffi, library), koffi: path, library };
    } catch (error) {
      const reason = reasonOf(error);
      const isAbsent = !wanted && /no such file|could not be found|not found/i.test(reason);
      failures.push(isAbsent ? library : `${library}: ${reason}`);
    }
  }
  const missing = "no native BLAS was found: install OpenBLAS, or name the library in MOKA_BLAS";
  const what = wanted ? "MOKA_BLAS names no native BLAS that works" : missing;
  throw new MokaError("MOKA_UNSUPPORTED", `${what} (tried ${failures.join(", ")})`);
}

function koffiPath(): string {
  try {
    const path = require.resolve("koffi");
    require(path);
    return path;
  } catch (cause) {
    const message = `no native BLAS without the package koffi, which cannot be loaded: ${reasonOf(cause).split("\n")[0]}`;
    throw new MokaError("MOKA_UNSUPPORTED", message, { cause });
  }
}

/**
 * Loads a library, tests a product, and reads its name.
 *
 * @throws Error if it cannot be loaded, has no `cblas_sgemm`, or computes a wrong product
 */
export function tryBlas(koffi: Koffi, library: string): string {
  const buffer = new SharedArrayBuffer(4096);
  const sgemm = quietly(() => bindSgemm(koffi, library, buffer));
  // C = 2·A·Bᵀ − C, with rows farther apart than they are long.
  const [m, n, k, lda, ldb, ldc] = [3, 5, 7, 8, 9, 6];
  const values = new Float32Array(buffer).map((_, i) => ((i * 37) % 11) - 5);
  new Float32Array(buffer).set(values);
  const [a, b, c] = [0, 64, 256];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += (values[a + i * lda + l] ?? 0) * (values[b + j * ldb + l] ?? 0);
      const at = c + i * ldc + j;
      values[at] = 2 * sum - (values[at] ?? 0);
    }
  }
  sgemm(0, 1, m, n, k, 2, 4 * a, lda, 4 * b, ldb, -1, 4 * c, ldc);
  const isRight = new Float32Array(buffer).every((value, i) => value === values[i]);
  if (!isRight) throw new Error("it does not multiply as it should");
  return nameOf(koffi, library);
}

/** OpenBLAS starts one thread for each core when it is loaded. They would have no work here. */
function quietly<T>(load: () => T): T {
  const variable = "OPENBLAS_NUM_THREADS";
  const before = process.env[variable];
  process.env[variable] = "1";
  try {
    return load();
  } finally {
    if (before === undefined) delete process.env[variable];
    else process.env[variable] = before;
  }
}

function nameOf(koffi: Koffi, library: string): string {
  const loaded = koffi.load(library);
  const ask = (name: string): string | undefined => {
    try {
      return String(loaded.func(`const char *${name}()`)());
    } catch {
      return undefined;
    }
  };
  const openBlas = ask("openblas_get_config");
  if (openBlas?.includes("USE64BITINT")) throw new Error("its integers have 64 bits");
  if (openBlas) return openBlas.split(" ").slice(0, 2).join(" ");
  const blis = ask("bli_info_get_version_str");
  if (blis) return `BLIS ${blis}`;
  if (/mkl/i.test(library)) return "MKL";
  return /([^/\\]*)$/.exec(library)?.[1] ?? library;
}

/** Binds a library that was found to a memory, for the calling thread. */
export function loadSgemm({ koffi, library }: Blas, buffer: ArrayBuffer | SharedArrayBuffer): Sgemm {
  return bindSgemm(require(koffi) as Koffi, library, buffer);
}
