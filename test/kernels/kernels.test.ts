// Runs the one list of cases on every engine, against the reference engine in double precision.
import { describe, expect, test } from "vitest";
import type { Engine } from "../../src/core/engine.js";
import { type KernelName, kernelNames } from "../../src/core/kernels.js";
import { ReferenceEngine, referenceKernels } from "../../src/engines/reference/index.js";
import { WasmEngine, wasmKernels } from "../../src/engines/wasm/index.js";
import { convolution } from "./cases/conv.js";
import { cases } from "./cases/index.js";
import { checkCase, expected, runAtTheEnd, runCase } from "./check.js";
import type { Case } from "./maker.js";

interface Subject {
  readonly name: string;
  readonly engine: Engine;
  readonly kernels: readonly KernelName[];
  /** Runs each case whose number this divides. */
  readonly every: number;
}

const engines: readonly Subject[] = [
  { name: "reference", engine: new ReferenceEngine(32), kernels: referenceKernels, every: 1 },
  { name: "wasm", engine: await WasmEngine.create(), kernels: wasmKernels, every: 1 },
  // The same code but for one flag.
  {
    name: "wasm, memory not shared",
    engine: await WasmEngine.create({ shared: false }),
    kernels: wasmKernels,
    every: 8,
  },
];

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

const known = new Map<Case, ReturnType<typeof expected>>();
/** What a case must give, computed once for all engines. */
function wanted(each: Case) {
  const outcome = known.get(each) ?? expected(each);
  known.set(each, outcome);
  return outcome;
}

describe.each(engines)("$name", ({ engine, every }) => {
  describe.each(kernelNames)("%s", (kernel) => {
    const own = cases.filter((one) => one.kernel === kernel);
    for (const each of own.filter((_, i) => i % every === 0)) {
      test(each.title, () => checkCase(each, engine, wanted(each)));
    }
  });

  test("gives all memory back", () => {
    if (engine instanceof ReferenceEngine) expect(engine.bytesUsed).toBe(0);
    else expect(engine.bytesUsed, "only the workspace is left").toBeLessThan(4 * 2 ** 20);
  });
});

describe("no kernel reads beyond the end of the memory", async () => {
  const maximumBytes = 4 * 2 ** 20;
  const engine = await WasmEngine.create({ maximumBytes });
  // Before all else the workspace is made as large as it will ever have to be.
  const [large] = convolution({ n: 0, channels: 4, outputs: 4, input: [1000, 1], kernel: [9, 1] });
  runCase(large, engine);
  const isSmall = (each: Case) => wanted(each).reduce((sum, { after }) => sum + after.length, 0) < 8000;
  test.each(kernelNames)("%s", (kernel) => {
    for (const each of cases.filter((one) => one.kernel === kernel && isSmall(one))) {
      runAtTheEnd(each, engine, maximumBytes);
    }
  });
});
