import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blas } from "../../../test/blas.js";
import { moka } from "../../../test/cli.js";

test("says what there is to compute with", async () => {
  const { code, out } = await moka("device_query");
  expect(code).toBe(0);
  expect(out).toMatch(/^Cores: +\d+$/m);
  const engine = blas
    ? `blas \\(WebAssembly (?:relaxed )?SIMD \\+ ${blas.name}`
    : "wasm \\(WebAssembly (?:relaxed )?SIMD";
  expect(out).toMatch(new RegExp(`^Engine: +${engine}, \\d+ threads?\\)$`, "m"));
});

test("an engine can be asked for", async () => {
  const { out } = await moka("device_query", "-engine", "wasm", "-threads", "1");
  expect(out).toMatch(/^Engine: +wasm \(WebAssembly (?:relaxed )?SIMD, 1 thread\)$/m);
});

describe("without a native BLAS", () => {
  const before = process.env["MOKA_BLAS"];
  beforeAll(() => {
    process.env["MOKA_BLAS"] = "/nowhere/libblas.so";
  });
  afterAll(() => {
    if (before === undefined) delete process.env["MOKA_BLAS"];
    else process.env["MOKA_BLAS"] = before;
  });

  test("WebAssembly computes alone, with a notice", async () => {
    const { code, out, err } = await moka("device_query");
    expect(code).toBe(0);
    expect(out).toMatch(/^Engine: +wasm \(WebAssembly (?:relaxed )?SIMD, \d+ threads?\)$/m);
    expect(err).toContain("Computing with WebAssembly alone: MOKA_BLAS names no native BLAS that works");
  });

  test("to ask for it is an error", async () => {
    const { code, err } = await moka("device_query", "-engine", "blas");
    expect(code).not.toBe(0);
    expect(err).toContain("MOKA_BLAS names no native BLAS that works (tried /nowhere/libblas.so: ");
  });
});

test("--json gives it as data", async () => {
  const facts = JSON.parse((await moka("device_query", "--json", "-engine", "reference")).out);
  expect(facts.engine).toBe("reference");
  expect(facts.cores).toBeGreaterThan(0);
});
