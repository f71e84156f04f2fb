import { expect, test } from "vitest";
import { moka } from "../../../test/cli.js";

test("says what there is to compute with", async () => {
  const { code, out } = await moka("device_query");
  expect(code).toBe(0);
  expect(out).toMatch(/^Cores: +\d+$/m);
  expect(out).toMatch(/^Engine: +wasm \(WebAssembly SIMD, \d+ threads?\)$/m);
});

test("--json gives it as data", async () => {
  const facts = JSON.parse((await moka("device_query", "--json", "-engine", "reference")).out);
  expect(facts.engine).toBe("reference");
  expect(facts.cores).toBeGreaterThan(0);
});
