// Runs the one list of cases on every engine, against the reference engine in double precision.
import { describe, expect, test } from "vitest";
import type { Engine } from "../../src/core/engine.js";
import { type KernelName, kernelNames, kernels } from "../../src/core/kernels.js";
import { type KernelStep, kernelStep } from "../../src/core/program.js";
import { Span } from "../../src/core/span.js";
import { ReferenceEngine } from "../../src/engines/reference/index.js";
import { blasKernels, WasmEngine } from "../../src/engines/wasm/index.js";
import { blas, skippedWithoutBlas } from "../blas.js";
import { expectNone } from "../repo/tree.js";
import { geometryOf } from "./cases/conv.js";
import { cases } from "./cases/index.js";
import { checkCase, expected, runAtTheEnd, runOver } from "./check.js";
import { choose, isQuick } from "./chosen.js";
import type { Case } from "./maker.js";

interface Subject {
  readonly name: string;
  readonly engine: Engine;
  /** Runs each case whose number this divides. */
  readonly every: number;
  /** Runs only the cases of these. Default: of all. */
  readonly only?: readonly KernelName[];
}

const chosen = choose(kernelNames);
const chosenOf = (names: readonly string[]) => chosen.filter((name) => names.includes(name));

const engines: readonly Subject[] = [
  { name: "reference", engine: new ReferenceEngine(32), every: 1 },
  {
    name: "wasm",
    engine: await WasmEngine.create({ relaxed: isQuick ? undefined : false }),
    every: 1,
  },
  { name: "wasm, 2 threads", engine: await WasmEngine.create({ threads: 2 }), every: 1 },
  { name: "wasm, 3 threads", engine: await WasmEngine.create({ threads: 3 }), every: 3 },
  // The same code but for one flag.
  {
    name: "wasm, memory not shared",
    engine: await WasmEngine.create({ shared: false }),
    every: 8,
  },
  ...(blas
    ? [
        { name: "blas", engine: await WasmEngine.create({ blas }), every: 1, only: blasKernels },
        {
          name: "blas, 2 threads",
          engine: await WasmEngine.create({ blas, threads: 2 }),
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
  expectNone(kernelNames.filter((name) => !covered.has(name)).map((name) => `kernel ${name} has no case`));
});

test("no two cases have the same name", () => {
  const names = cases.map(({ kernel, title }) => `${kernel}: ${title}`);
  const doubles = names.filter((name, i) => names.indexOf(name) !== i);
  expectNone(doubles.map((name) => `two cases have the name ${name}`));
});

describe.each(engines)("$name", ({ engine, every, only = kernelNames }) => {
  for (const kernel of chosenOf(only)) {
    const own = cases.filter((one) => one.kernel === kernel);
    for (const each of own.filter((_, i) => i % every === 0)) {
      test(`${kernel}: ${each.title}`, () => checkCase(each, engine));
    }
  }

  test("gives all memory back", () => {
    const workspaces = engine instanceof WasmEngine ? engine.threads * 10 * 2 ** 20 : 0;
    expect(engine.bytesUsed, "only the threads' workspaces are left").toBeLessThanOrEqual(workspaces);
  });
});

const bounded = [
  { name: "wasm", blas: undefined, names: chosen },
  ...(blas ? [{ name: "blas", blas, names: chosenOf(blasKernels) }] : []),
];

describe.each(bounded.filter(({ names }) => names.length > 0))(
  "no kernel of $name reads beyond the end of the memory",
  async ({ blas, names }) => {
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
  },
);

const overwriting = kernelNames.filter((name) => kernels[name].spans.some(({ overwrites }) => overwrites.length > 0));

test.each(chosenOf(overwriting))("%s makes the same of what it may write over", (kernel) => {
  for (const { engine } of engines.slice(0, 3)) {
    const runs = cases.filter((one) => one.kernel === kernel && isSmall(one)).map((each) => runOver(each, engine));
    expect(Math.max(...runs)).toBeGreaterThan(0);
  }
});

test.skipIf(isQuick)("addresses beyond 2 GiB are addresses too", async ({ skip }) => {
  const engine = await WasmEngine.create();
  try {
    engine.allocate(engine.bytesFree / 4 - 10 * 2 ** 20);
  } catch {
    skip("this machine does not let a memory grow to 4 GiB");
  }
  cases.filter((_, i) => i % 16 === 0).forEach((each) => void checkCase(each, engine));
  await engine.dispose();
});
