// Runs the one list of cases on every engine, against the reference engine in double precision.
import { describe, expect, test } from "vitest";
import type { Engine } from "../../src/core/engine.js";
import { type KernelName, kernelNames, kernels } from "../../src/core/kernels.js";
import { type KernelStep, kernelStep } from "../../src/core/program.js";
import { Span } from "../../src/core/span.js";
import { ReferenceEngine } from "../../src/engines/reference/index.js";
import { blasKernels, WasmEngine, wasmKernels } from "../../src/engines/wasm/index.js";
import { blas, skippedWithoutBlas } from "../blas.js";
import { geometryOf } from "./cases/conv.js";
import { cases } from "./cases/index.js";
import { checkCase, expected, runAtTheEnd, runOver } from "./check.js";
import type { Case } from "./maker.js";

interface Subject {
  readonly name: string;
  readonly engine: Engine;
  readonly kernels: readonly KernelName[];
  /** Runs each case whose number this divides. */
  readonly every: number;
  /** Runs only the cases of these. Default: of all. */
  readonly only?: readonly KernelName[];
}

const engines: readonly Subject[] = [
  { name: "reference", engine: new ReferenceEngine(32), kernels: kernelNames, every: 1 },
  { name: "wasm", engine: await WasmEngine.create({ relaxed: false }), kernels: wasmKernels, every: 1 },
  { name: "wasm, 2 threads", engine: await WasmEngine.create({ threads: 2 }), kernels: wasmKernels, every: 1 },
  { name: "wasm, 3 threads", engine: await WasmEngine.create({ threads: 3 }), kernels: wasmKernels, every: 3 },
  // The same code but for one flag.
  {
    name: "wasm, memory not shared",
    engine: await WasmEngine.create({ shared: false }),
    kernels: wasmKernels,
    every: 8,
  },
  ...(blas
    ? [
        { name: "blas", engine: await WasmEngine.create({ blas }), kernels: wasmKernels, every: 1, only: blasKernels },
        {
          name: "blas, 2 threads",
          engine: await WasmEngine.create({ blas, threads: 2 }),
          kernels: wasmKernels,
          every: 1,
          only: blasKernels,
        },
      ]
    : []),
];

const isSmall = (each: Case) => expected(each).reduce((sum, { after }) => sum + after.length, 0) < 2500;

if (!blas) test.skip(`blas (${skippedWithoutBlas})`, () => {});

test("every kernel has cases", () => {
  const covered = new Set(cases.map(({ kernel }) => kernel));
  expect(kernelNames.filter((name) => !covered.has(name))).toEqual([]);
});

test("no two cases have the same name", () => {
  const names = cases.map(({ kernel, title }) => `${kernel}: ${title}`);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

test.each(engines)("the $name engine has every kernel", ({ kernels }) => {
  expect([...kernels].sort()).toEqual([...kernelNames].sort());
});

describe.each(engines)("$name", ({ engine, every, only = kernelNames }) => {
  describe.each(only)("%s", (kernel) => {
    const own = cases.filter((one) => one.kernel === kernel);
    for (const each of own.filter((_, i) => i % every === 0)) {
      test(each.title, () => checkCase(each, engine));
    }
  });

  test("gives all memory back", () => {
    const workspaces = engine instanceof WasmEngine ? engine.threads * 10 * 2 ** 20 : 0;
    expect(engine.bytesUsed, "only the threads' workspaces are left").toBeLessThanOrEqual(workspaces);
  });
});

describe.each([
  { name: "wasm", blas: undefined, names: kernelNames },
  ...(blas ? [{ name: "blas", blas, names: blasKernels }] : []),
])("no kernel of $name reads beyond the end of the memory", async ({ blas, names }) => {
  const maximumBytes = (blas ? 16 : 4) * 2 ** 20;
  const engine = await WasmEngine.create({ maximumBytes, blas });
  // Before all else the workspace is made as large as it will ever have to be.
  const none = new Span("none", 0, engine);
  const geometry = geometryOf({ channels: 0, outputs: 0, input: [1000, 1], kernel: [9, 1] });
  engine.compile([kernelStep("conv", { x: none, w: none, bias: undefined, y: none, ...geometry }, 0) as KernelStep]);
  test.each(names)("%s", (kernel) => {
    for (const each of cases.filter((one) => one.kernel === kernel && isSmall(one))) {
      runAtTheEnd(each, engine, maximumBytes);
    }
  });
});

describe("kernels that may write over what they read make the same of it", () => {
  const overwriting = kernelNames.filter((name) => kernels[name].spans.some(({ overwrites }) => overwrites.length > 0));
  test.each(overwriting)("%s", (kernel) => {
    for (const { engine } of engines.slice(0, 3)) {
      const runs = cases.filter((one) => one.kernel === kernel && isSmall(one)).map((each) => runOver(each, engine));
      expect(Math.max(...runs)).toBeGreaterThan(0);
    }
  });
});

test("addresses beyond 2 GiB are addresses too", async ({ skip }) => {
  const engine = await WasmEngine.create();
  try {
    engine.allocate(engine.bytesFree / 4 - 10 * 2 ** 20);
  } catch {
    skip("this machine does not let a memory grow to 4 GiB");
  }
  cases.filter((_, i) => i % 16 === 0).forEach((each) => void checkCase(each, engine));
  await engine.dispose();
});
