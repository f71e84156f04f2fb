import { MokaError } from "../../util/errors.js";
import { type WasmModule, WebAssembly } from "./web-assembly.js";

/** A module with one function, which multiplies and adds with relaxed SIMD: (v128, v128, v128) → v128. */
const relaxedProbe = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0], // "\0asm", version 1
  ...[1, 8, 1, 96, 3, 123, 123, 123, 1, 123], // types: the one
  ...[3, 2, 1, 0], // functions: one, of that type
  ...[10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11], // code: three local.get, f32x4.relaxed_madd, end
);

/** Whether this machine's WebAssembly has relaxed SIMD; Node has it from version 22 on. */
export const hasRelaxedSimd = (): boolean => WebAssembly.validate(relaxedProbe);

const modules = new Map<string, Promise<WasmModule>>();

/**
 * The compiled kernels, for a memory that threads can share or for one that they cannot. They are compiled once.
 *
 * @param relaxed whether to use relaxed SIMD, which the machine must have
 * @throws MokaError `MOKA_UNSUPPORTED` if there is no WebAssembly with SIMD
 */
export function loadModule(isShared: boolean, relaxed: boolean): Promise<WasmModule> {
  const key = `${isShared} ${relaxed}`;
  const known = modules.get(key);
  if (known) return known;
  const module = compile(isShared, relaxed);
  modules.set(key, module);
  return module;
}

async function compile(isShared: boolean, relaxed: boolean): Promise<WasmModule> {
  const [{ text, sharedFlag }, { unpack }] = await Promise.all([
    relaxed ? import("./gen/module-relaxed.js") : import("./gen/module.js"),
    import("../../util/unpack.js"),
  ]);
  const bytes = unpack(text);
  // The kernels use no atomics: the modules for the two kinds of memory differ only in this byte.
  if (!isShared) bytes[sharedFlag] = 1;
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    const feature = relaxed ? "relaxed SIMD" : "SIMD";
    throw new MokaError(
      "MOKA_UNSUPPORTED",
      `this machine has no WebAssembly with ${feature}; try the reference engine`,
      {
        cause,
      },
    );
  }
}
