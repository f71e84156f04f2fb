// The kernels that multiply and add in one instruction where WebAssembly has relaxed SIMD; vitest.config.ts asks Node for it.
import { afterAll, describe, expect, test } from "vitest";
import { WasmEngine } from "../../src/engines/wasm/index.js";
import { hasRelaxedSimd } from "../../src/engines/wasm/module.js";
import { cases } from "../kernels/cases/index.js";
import { checkCase } from "../kernels/check.js";

const engines = [await WasmEngine.create({ relaxed: true }), await WasmEngine.create({ threads: 2 })];
afterAll(() => Promise.all(engines.map((engine) => engine.dispose())));

test("it is there, and taken where nothing else is asked for", async () => {
  expect(hasRelaxedSimd()).toBe(true);
  for (const { description } of engines) expect(description).toMatch(/^WebAssembly relaxed SIMD/);
  const plain = await WasmEngine.create({ relaxed: false });
  expect(plain.description).toMatch(/^WebAssembly SIMD/);
  await plain.dispose();
});

describe.each(engines)("$description", (engine) => {
  for (const each of cases) test(`${each.kernel}: ${each.title}`, () => checkCase(each, engine));
});
