import type { Engine } from "../../src/core/engine.js";
import { ReferenceEngine } from "../../src/engines/reference/index.js";
import { WasmEngine } from "../../src/engines/wasm/index.js";
import { blas } from "../blas.js";

/** Every golden case runs on each of these. */
export const engines: Readonly<Record<string, () => Promise<Engine>>> = {
  reference: async () => new ReferenceEngine(),
  wasm: () => WasmEngine.create(),
  "wasm on 3 threads": () => WasmEngine.create({ threads: 3 }),
  ...(blas && { "blas on 2 threads": () => WasmEngine.create({ blas, threads: 2 }) }),
};

/** ‖a − b‖/‖b‖, or ‖a − b‖ where b is 0. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let distance = 0;
  let norm = 0;
  for (let i = 0; i < b.length; i++) {
    distance += (a[i] - b[i]) ** 2;
    norm += b[i] ** 2;
  }
  return Math.sqrt(distance) / (Math.sqrt(norm) || 1);
}
