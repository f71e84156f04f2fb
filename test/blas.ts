import { findBlas } from "../src/engines/wasm/blas/find-node.js";
import type { Blas } from "../src/engines/wasm/index.js";

/** The native BLAS of this machine. Without one, tests that need it are skipped, or fail with MOKA_REQUIRE_TOOLS=1. */
export const blas: Blas | undefined = find();

function find(): Blas | undefined {
  try {
    return findBlas();
  } catch (error) {
    if (process.env["MOKA_REQUIRE_TOOLS"] === "1") throw error;
    return undefined;
  }
}

export const skippedWithoutBlas = "skipped without a native BLAS, as Debian's libopenblas0";
