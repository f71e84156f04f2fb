import { describe, expect, test } from "vitest";
import { blas, skippedWithoutBlas } from "../../../test/blas.js";
import type { KernelName, Kernels } from "../../core/kernels.js";
import { type KernelStep, kernelStep } from "../../core/program.js";
import { Span } from "../../core/span.js";
import { ReferenceEngine } from "../reference/index.js";
import { WasmEngine } from "./index.js";
import { hasRelaxedSimd } from "./module.js";

function step<K extends KernelName>(kernel: K, args: Kernels[K]): KernelStep {
  return kernelStep(kernel, args, 0) as KernelStep;
}

function span(engine: WasmEngine, values: ArrayLike<number>): Span {
  const made = new Span("values", values.length, engine);
  made.array.set(values);
  return made;
}

const simd = hasRelaxedSimd() ? "WebAssembly relaxed SIMD" : "WebAssembly SIMD";

test("says what it is", async () => {
  const engine = await WasmEngine.create();
  expect(engine.name).toBe("wasm");
  expect(engine.description).toBe(`${simd}, 1 thread`);
  expect(engine.bytesUsed).toBe(0);
  const team = await WasmEngine.create({ threads: 3 });
  expect(team.description).toBe(`${simd}, 3 threads`);
  await team.dispose();
  const alone = await WasmEngine.create({ threads: 3, shared: false });
  expect(alone.description).toBe(`${simd}, 1 thread`);
});

describe.runIf(blas)(`with a native BLAS (${skippedWithoutBlas})`, () => {
  test("says so", async () => {
    const engine = await WasmEngine.create({ blas, threads: 2 });
    expect(engine.name).toBe("blas");
    expect(engine.description).toBe(`${simd} + ${blas?.name}, 2 threads`);
    await engine.dispose();
  });

  test("every thread multiplies, in a memory that cannot be shared too, and after it grew", async () => {
    for (const options of [{ threads: 3 }, { shared: false }]) {
      const engine = await WasmEngine.create({ blas, ...options });
      const [a, b] = [span(engine, Array(64 * 64).fill(1)), span(engine, Array(64 * 64).fill(2))];
      const y = new Span("y", 64 * 64, engine);
      const sizes = { m: 64, n: 64, k: 64, transA: false, transB: true, alpha: 1, beta: 0 };
      const compiled = engine.compile([step("gemm", { a, b, c: y, ...sizes })]);
      new Span("large", 6_000_000, engine).array.fill(1);
      compiled.run(0, 1);
      expect(new Set(y.array)).toEqual(new Set([128]));
      await engine.dispose();
    }
  });

  test("a library that has gone since is an error, in whichever thread", async () => {
    const gone = { name: "gone", library: "/nowhere/libblas.so", koffi: blas?.koffi ?? "" };
    await expect(WasmEngine.create({ blas: gone })).rejects.toThrow("shared library");
  });
});

test("runs any part of its steps, in order, as often as asked", async () => {
  const engine = await WasmEngine.create();
  const y = span(engine, [0, 0]);
  const compiled = engine.compile([
    step("fill", { y, value: 1 }),
    step("axpby", { x: y, y, a: 1, b: 1 }),
    step("axpby", { x: y, y, a: 3, b: 0 }),
  ]);
  compiled.run(0, 2);
  expect([...y.array]).toEqual([2, 2]);
  compiled.run(2, 3);
  compiled.run(2, 3);
  expect([...y.array]).toEqual([18, 18]);
  compiled.run(1, 1);
  expect([...y.array]).toEqual([18, 18]);
});

test.each([true, false])("steps compiled before memory and workspace grew still run (shared: %s)", async (shared) => {
  const engine = await WasmEngine.create({ shared });
  const xs = [span(engine, [1, 2]), span(engine, [10, 20])];
  const y = span(engine, [0, 0]);
  const first = engine.compile([step("sum", { xs, coefficients: [1, 2], y })]);
  const large = new Span("large", 6_000_000, engine);
  const c = new Span("c", 50 * 50, engine);
  const sizes = { m: 50, n: 50, k: 50, transA: false, transB: false, alpha: 1, beta: 0 };
  const second = engine.compile([step("gemm", { a: large.slice(9, 2500), b: large.slice(3, 2500), c, ...sizes })]);
  large.array.fill(1);
  second.run(0, 1);
  first.run(0, 1);
  expect([...y.array]).toEqual([21, 42]);
  expect(new Set(c.array)).toEqual(new Set([50]));
});

test("memory of released spans is used again", async () => {
  const engine = await WasmEngine.create();
  const first = span(engine, [1, 2, 3]);
  const { bytesUsed } = engine;
  first.release();
  expect(engine.bytesUsed).toBe(0);
  expect([...new Span("second", 3, engine).array]).toEqual([0, 0, 0]);
  expect(engine.bytesUsed).toBe(bytesUsed);
});

test("spans that are too short, or lie elsewhere, are refused", async () => {
  const engine = await WasmEngine.create();
  const x = new Span("x", 5, engine);
  const y = new Span("y", 6, engine);
  expect(() => engine.compile([step("relu", { x, y, negativeSlope: 0 })])).toThrow(
    'relu: "x" has 5 values, but 6 are needed',
  );
  const other = new Span("other", 6, new ReferenceEngine());
  const compile = () => engine.compile([step("relu", { x: other, y, negativeSlope: 0 })]);
  expect(compile).toThrow('relu: "other" is not in this engine\'s memory');
  const another = new Span("another", 6, await WasmEngine.create());
  expect(() => engine.compile([step("copy", { x: another, y })])).toThrow("not in this engine's memory");
});

test("too large a net is an error, after which smaller ones still work", async () => {
  const engine = await WasmEngine.create({ maximumBytes: 2 ** 20 });
  expect(() => new Span("large", 2 ** 20, engine).array).toThrow("4.0 MiB more do not fit");
  const a = span(engine, Array(2500).fill(1));
  const sizes = { m: 50, n: 50, k: 50, transA: false, transB: false, alpha: 1, beta: 0 };
  expect(() => engine.compile([step("gemm", { a, b: a, c: a, ...sizes })])).toThrow("1.2 MiB more do not fit");
  engine.compile([step("axpby", { x: a, y: a, a: 2, b: 0 })]).run(0, 1);
  expect(a.array[2499]).toBe(2);
});

test("nothing is left after dispose", async () => {
  const engine = await WasmEngine.create();
  const x = span(engine, [1, 2, 3]);
  await engine.dispose();
  expect(engine.bytesUsed).toBe(0);
  expect(engine.bytesFree).toBe(0);
  expect(() => x.array).toThrow("has been freed");
});

test("many short programs on threads, in any order, give what one thread gives", async () => {
  const results = [];
  for (const threads of [1, 2, 5]) {
    const engine = await WasmEngine.create({ threads });
    const before = engine.bytesUsed;
    const y = span(engine, new Float32Array(1000).fill(1));
    const programs = Array.from({ length: 40 }, (_, i) =>
      engine.compile([
        step("axpby", { x: y, y, a: 1 + i / 100, b: 0 }),
        step("power", { x: y, y, power: 0.75, scale: 1, shift: i / 50 }),
        step("sum", { xs: [y.slice(500, 500), y.slice(0, 500)], coefficients: [1, 0.5], y: y.slice(0, 500) }),
      ]),
    );
    for (let i = 0; i < 400; i++) programs[(i * 7) % 40]?.run(i % 3, 3);
    results.push([...y.array]);
    for (const program of programs) program.release();
    y.release();
    expect(engine.bytesUsed - before, "a workspace for tables is left").toBeLessThanOrEqual(128 * threads);
    await engine.dispose();
  }
  expect(results[0]?.every(Number.isFinite)).toBe(true);
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});

test("a thread sleeps while there is nothing to do, and wakes", async () => {
  const engine = await WasmEngine.create({ threads: 2 });
  const y = span(engine, [0, 0]);
  const compiled = engine.compile([step("power", { x: y, y, power: 1, scale: 1, shift: 1 })]);
  for (const pause of [0, 30, 1]) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    compiled.run(0, 1);
  }
  expect([...y.array]).toEqual([3, 3]);
  await engine.dispose();
});
