// Fused kernels and the plain ones they stand for. The reference engine, which all others are compared with, runs the plain
// ones; here WebAssembly does, too, and whole nets.
import { describe, expect, test } from "vitest";
import type { Engine } from "../../src/core/engine.js";
import type { NormPool } from "../../src/core/kernels.js";
import { lower } from "../../src/core/lower.js";
import { kernelStep } from "../../src/core/program.js";
import { Span } from "../../src/core/span.js";
import { ReferenceEngine } from "../../src/engines/reference/index.js";
import { WasmEngine } from "../../src/engines/wasm/index.js";
import { relativeError } from "../golden/engines.js";
import { netFromText } from "../nets.js";
import { fusedNames, PlainEngine } from "../plain-engine.js";
import { cases } from "./cases/index.js";
import { checkCase } from "./check.js";

test("what passes make of several kernels is fused", () => {
  expect([...fusedNames].sort()).toEqual([
    "batchNormFused",
    "batchNormFusedBackward",
    "batchNormFusedBackwardApply",
    "batchNormFusedBackwardSums",
    "batchNormPool",
    "batchNormPoolBackward",
    "batchNormPoolBackwardApply",
    "batchNormPoolBackwardSums",
    "convFused",
    "normToAffine",
    "normalizeFused",
    "normalizePool",
    "sumFused",
  ]);
});

const wasm = new PlainEngine(await WasmEngine.create(), false);

describe.each(fusedNames)("%s does what its plain kernels do", (kernel) => {
  const own = cases.filter((each) => each.kernel === kernel);
  test.each(own.map((each) => [each.title, each] as const))("%s", (_, each) => checkCase(each, wasm));
});

test("steps share their scratch memory, and give it back", () => {
  const engine = new ReferenceEngine();
  const pool = (size: number) => {
    const spans = { x: new Span("x", size * size, engine), y: new Span("y", 1, engine) };
    const none = { mean: undefined, variance: undefined, scale: undefined, bias: undefined };
    const geometry: NormPool = {
      ...{ planes: 1, input: [size, size], output: [1, 1], kernel: [size, size], stride: [1, 1], pad: [0, 0] },
      ...{ channels: 1, method: "AVE" },
    };
    return kernelStep("normalizePool", { ...spans, ...none, negativeSlope: 0, eps: 0, ...geometry }, size);
  };
  const copy = kernelStep("copy", { x: new Span("x", 1, engine), y: new Span("y", 1, engine) }, 9);
  const { steps, starts, release } = lower([pool(3), copy, pool(5)], (kernel) => kernel === "copy", engine);
  expect(steps.map(({ kernel, layer }) => `${kernel} ${layer}`)).toEqual([
    ...["copy 3", "relu 3", "avePool 3", "copy 9", "copy 5", "relu 5", "avePool 5"],
  ]);
  expect(starts).toEqual([0, 3, 4, 7]);
  expect(engine.bytesUsed).toBe(4 * 25);
  release();
  expect(engine.bytesUsed).toBe(0);
});

test("an engine without a plain kernel is refused", () => {
  const engine = new ReferenceEngine();
  const span = new Span("x", 1, engine);
  const step = kernelStep("copy", { x: span, y: span }, 0);
  expect(() => lower([step], () => false, engine)).toThrow(/no kernel "copy"/);
});

const net = `force_backward: true
  input: "x" input_shape { dim: 4 dim: 2 dim: 8 dim: 8 }
  layer { name: "conv1" type: "Convolution" bottom: "x" top: "a"
    convolution_param { num_output: 6 kernel_size: 3 pad: 1 bias_term: false weight_filler { type: "msra" } } }
  layer { name: "bn1" type: "BatchNorm" bottom: "a" top: "a" }
  layer { name: "scale1" type: "Scale" bottom: "a" top: "a" scale_param { bias_term: true } }
  layer { name: "relu1" type: "ReLU" bottom: "a" top: "a" }
  layer { name: "pool" type: "Pooling" bottom: "a" top: "b" pooling_param { kernel_size: 2 stride: 2 } }
  layer { name: "conv2" type: "Convolution" bottom: "b" top: "c"
    convolution_param { num_output: 6 kernel_size: 3 pad: 1 bias_term: false weight_filler { type: "msra" } } }
  layer { name: "bn2" type: "BatchNorm" bottom: "c" top: "c" }
  layer { name: "scale2" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
  layer { name: "sum" type: "Eltwise" bottom: "b" bottom: "c" top: "y" }
  layer { name: "relu2" type: "ReLU" bottom: "y" top: "y" }`;

/** Trains for some steps towards 0; the parameters afterwards, and the kernels that ran. */
async function trained(engine: Engine) {
  const built = await netFromText(net, { engine, seed: 5, keep: "outputs" });
  const x = Float32Array.from({ length: 512 }, (_, i) => Math.sin(i * i) + 0.3);
  for (let step = 0; step < 5; step++) {
    await built.forward({ x });
    const y = built.blobs.get("y");
    y?.diff.set(y.data.map((value) => value / 10));
    await built.backward();
    for (const { tensor } of built.learnables) {
      const { data, diff } = tensor;
      data.array.set(data.array.map((value, i) => value - 0.05 * diff.array[i]));
      diff.array.fill(0);
    }
  }
  const { forward, backward = [] } = built.execution.plan;
  const ran = [...forward, ...backward].flatMap((step) => (step.kind === "kernel" ? step.kernel : []));
  const params = Object.fromEntries(
    [...built.params].map(([name, list]) => [name, list.map(({ data }) => Float32Array.from(data))]),
  );
  await built.dispose();
  return { ran, params };
}

test.each([
  ["reference, which fuses", () => new ReferenceEngine(), true],
  ["reference, which does not", () => new ReferenceEngine(), false],
  ["wasm, which fuses", () => WasmEngine.create(), true],
  ["wasm, which does not", () => WasmEngine.create(), false],
])("a BatchNorm net learns the same with plain kernels: %s", async (_, create, admitsFused) => {
  const wanted = await trained(await WasmEngine.create());
  expect(wanted.ran).toEqual(expect.arrayContaining(["batchNormPool", "batchNormPoolBackward", "sumFused"]));
  const { params, ran } = await trained(new PlainEngine(await create(), admitsFused));
  if (admitsFused) expect(ran).toEqual(wanted.ran);
  for (const [name, list] of Object.entries(wanted.params)) {
    list.forEach((values, i) => {
      expect(relativeError(params[name][i], values), `${name} ${i}`).toBeLessThan(1e-5);
    });
  }
});
