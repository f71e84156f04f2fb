import { MokaError } from "../../util/errors.js";
import { shared, unshared } from "./gen/module.js";
import { type WasmModule, WebAssembly } from "./web-assembly.js";

const modules = new Map<string, Promise<WasmModule>>();

/**
 * The compiled kernels, for a memory that threads can share or for one that they cannot. Compiled once.
 *
 * @throws MokaError `MOKA_UNSUPPORTED` where there is no WebAssembly with SIMD
 */
export function loadModule(isShared: boolean): Promise<WasmModule> {
  const text = isShared ? shared : unshared;
  const known = modules.get(text);
  if (known) return known;
  const module = compile(text);
  modules.set(text, module);
  return module;
}

async function compile(text: string): Promise<WasmModule> {
  try {
    return await WebAssembly.compile(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
  } catch (cause) {
    throw new MokaError("MOKA_UNSUPPORTED", "this machine has no WebAssembly with SIMD; try the reference engine", {
      cause,
    });
  }
}
