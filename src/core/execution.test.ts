import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { netFromText } from "../../test/nets.js";
import { fusedNames } from "../../test/plain-engine.js";
import { poisonSharedMemory } from "../../test/poison.js";
import { choices, inputs, netText, setStatistics } from "../../test/random-nets.js";
import { ReferenceEngine } from "../engines/reference/index.js";
import { WasmEngine } from "../engines/wasm/index.js";
import { SolverParameterSchema } from "../proto/gen/caffe_pb.js";
import { sgd } from "../solvers/sgd.js";
import { Updater } from "../solvers/updater.js";
import { alone, oneRank, type Ranks } from "./communicator.js";
import type { Engine } from "./engine.js";
import { passNames } from "./execution.js";
import type { KernelName } from "./kernels.js";
import type { Net } from "./net.js";

interface Run {
  readonly engine: Engine;
  readonly text: string;
  readonly shareMemory: boolean;
  readonly phase?: "TRAIN" | "TEST";
}

/** What is computed again, with statistics that were rounded, may differ in its last digits. */
const exact = passNames.filter((name) => name !== "recompute");

/** All numbers of three iterations of training that may be looked at. */
async function train({ engine, text, shareMemory }: Run): Promise<unknown> {
  const net = await netFromText(text, { engine, keep: "outputs", shareMemory, passes: exact });
  if (shareMemory) poisonSharedMemory(net);
  const updater = new Updater(net, sgd, create(SolverParameterSchema, { momentum: 0.9 }));
  const seen: unknown[] = [];
  for (let i = 0; i < 3; i++) {
    net.clearParamDiffs();
    seen.push(await net.forward(inputs));
    await net.backward();
    await updater.apply(0.01, i);
    seen.push(net.learnables.map(({ tensor }) => [...tensor.data.array, ...tensor.diff.array]));
  }
  updater.dispose();
  await net.dispose();
  return seen;
}

async function infer({ engine, text, shareMemory }: Run): Promise<unknown> {
  const net = await netFromText(text, { engine, keep: "outputs", shareMemory, phase: "TEST", backward: false });
  if (shareMemory) poisonSharedMemory(net);
  const seen = [await net.forward(inputs), await net.forward(inputs)];
  await net.dispose();
  return seen;
}

describe.each([
  ["reference", async () => new ReferenceEngine()],
  ["wasm", () => WasmEngine.create()],
])("on the engine %s", (_, createEngine) => {
  test("random nets compute the same bits whether memory is shared or not", async () => {
    const engine: Engine = await createEngine();
    const before = engine.bytesUsed;
    await fc.assert(
      fc.asyncProperty(choices, async (chosen) => {
        const text = netText(chosen);
        for (const run of [train, infer]) {
          const separate = await run({ engine, text, shareMemory: false });
          expect(await run({ engine, text, shareMemory: true })).toEqual(separate);
        }
      }),
      { numRuns: 70, seed: 8 },
    );
    // Kernels keep their workspace.
    if (engine.name === "reference") expect(engine.bytesUsed, "all memory is given back").toBe(before);
    await engine.dispose();
  });
});

test.each(fusedNames)("an engine without %s computes the same with other kernels", async (missing) => {
  const block = (name: string, bottom: string, global: boolean) => `
    layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" convolution_param { num_output: 4 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
    layer { name: "norm_${name}" type: "BatchNorm" bottom: "${name}" top: "${name}" batch_norm_param { use_global_stats: ${global} } }
    layer { name: "scale_${name}" type: "Scale" bottom: "${name}" top: "${name}" scale_param { bias_term: true } }
    layer { name: "relu_${name}" type: "ReLU" bottom: "${name}" top: "${name}" }`;
  const text = (global: boolean) => `
    layer { name: "x" type: "Input" top: "x" top: "label" input_param { shape { dim: 2 dim: 4 dim: 5 dim: 5 } shape { dim: 2 } } }
    ${block("a", "x", global)}
    layer { name: "pool" type: "Pooling" bottom: "a" top: "p" pooling_param { kernel_size: 3 stride: 1 pad: 1 } }
    ${block("b", "p", global)} ${block("c", "b", global)} ${block("d", "c", global)}
    layer { name: "norm" type: "BatchNorm" bottom: "d" top: "n" batch_norm_param { use_global_stats: ${global} } }
    layer { name: "relu" type: "ReLU" bottom: "n" top: "n" }
    layer { name: "sum" type: "Eltwise" bottom: "n" bottom: "c" top: "s" }
    layer { name: "relu_s" type: "ReLU" bottom: "s" top: "s" }
    layer { name: "ip" type: "InnerProduct" bottom: "s" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;
  let uses = 0;
  // The second of two ranks is not there: what counts is that the steps of the first are fused.
  const pair: Ranks = { communicator: { ...alone, size: 2 }, syncBatchNorm: true, averagesOf: "all" };
  for (const [phase, global, ranks] of [
    ["TRAIN", false, oneRank],
    ["TRAIN", false, pair],
    ["TEST", true, oneRank],
  ] as const) {
    const full = new ReferenceEngine();
    const less = new ReferenceEngine();
    const compile = less.compile.bind(less);
    Object.assign(less, {
      has: (kernel: KernelName) => kernel !== missing,
      compile: (steps: Parameters<Engine["compile"]>[0]) => {
        expect(steps.map(({ kernel }) => kernel)).not.toContain(missing);
        return compile(steps);
      },
    });
    const seen: number[][] = [];
    for (const engine of [full, less]) {
      const net = await netFromText(text(global), { engine, phase, keep: "outputs", seed: 4, ranks });
      const { forward, backward = [] } = net.execution.plan;
      if (engine === full) {
        uses += [...forward, ...backward].filter((step) => step.kind === "kernel" && step.kernel === missing).length;
      }
      setStatistics(net);
      const { loss } = await net.forward(inputs);
      await net.backward();
      seen.push([...loss, ...net.learnables.flatMap(({ tensor }) => [...tensor.diff.array])]);
      await net.dispose();
    }
    for (const [i, value] of seen[1].entries()) expect(value).toBeCloseTo(seen[0][i], 4);
  }
  expect(uses, "steps of the full engine").toBeGreaterThan(0);
});

// ---- parts of a net, and what can be looked at

const deep = netText(
  (["conv", "norm", "scale", "relu", "conv", "tanh", "conv", "relu"] as const).map((type) => ({
    type,
    a: 0,
    b: 0,
    inPlace: type === "norm" || type === "scale",
  })),
);
const build = (shareMemory = true): Promise<Net> => netFromText(deep, { keep: "outputs", shareMemory });

test("shares memory, and takes no more than that", async () => {
  const [shared, separate] = [await build(), await build(false)];
  for (const net of [shared, separate]) {
    await net.forward(inputs);
    await net.backward();
  }
  expect(shared.engine.bytesUsed).toBeLessThan(0.75 * separate.engine.bytesUsed);
  for (const net of [shared, separate]) await net.dispose();
});

test("says that a blob is gone, but for inputs, outputs, parameters and what is still there", async () => {
  const net = await build();
  await net.forward(inputs);
  expect(net.blobs.get("b0")?.data, "needed for backward").toHaveLength(200);
  await net.backward();
  for (const name of ["x", "label", "loss"]) expect(net.blobs.get(name)?.data.length).toBeGreaterThan(0);
  const lost = [...net.blobs.values()].filter(({ hasData }) => !hasData);
  expect(lost.length).toBeGreaterThan(0);
  for (const blob of lost) {
    expect(() => blob.data).toThrow(
      expect.objectContaining({ code: "MOKA_USAGE", message: expect.stringContaining('keep: "all"') }),
    );
  }
  const [weights] = net.params.get("first") ?? [];
  expect(weights?.diff.some((value) => value !== 0)).toBe(true);
  await net.dispose();
});

test("layers that run one after the other share memory as in one run", async () => {
  const [shared, separate] = [await build(), await build(false)];
  for (let i = 0; i < 2; i++) {
    const seen: unknown[][] = [];
    for (const net of [shared, separate]) {
      net.clearParamDiffs();
      await net.forward(inputs, { to: "x" });
      const tops: unknown[] = [];
      for (const [layer, { tops: names }] of net.layers.entries()) {
        await net.runForward(layer, layer);
        tops.push(names.map((name) => [...(net.blobs.get(name)?.data ?? [])]));
      }
      for (let layer = net.layers.length - 1; layer >= 0; layer--) await net.runBackward(layer, layer);
      seen.push([...tops, net.learnables.map(({ tensor }) => [...tensor.diff.array])]);
    }
    expect(seen[0]).toEqual(seen[1]);
  }
  expect(shared.execution.memory).toBeDefined();
  for (const net of [shared, separate]) await net.dispose();
});

test("a run from the middle uses what is still there, and else says what it misses", async () => {
  const [shared, separate] = [await build(), await build(false)];
  const results: unknown[] = [];
  for (const net of [shared, separate]) {
    await net.forward(inputs);
    const { loss } = await net.forward({}, { from: "l6" });
    await net.backward();
    results.push([loss, net.learnables.map(({ tensor }) => [...tensor.diff.array])]);
    // From here on no memory is shared, and everything can be run in any order.
    await net.forward(inputs);
    await net.backward({ to: "l4" });
    results.push(await net.forward({}, { from: "l1" }));
  }
  expect(results.slice(0, 2)).toEqual(results.slice(2));
  for (const net of [shared, separate]) await net.dispose();

  const net = await build();
  await net.forward(inputs);
  await net.backward();
  await expect(net.backward()).rejects.toMatchObject({
    code: "MOKA_USAGE",
    message: expect.stringContaining("run the whole net forward"),
  });
  await net.forward(inputs);
  await net.backward();
  await net.dispose();
});

test("after a reshape, memory is shared anew", async () => {
  const [shared, separate] = [await build(), await build(false)];
  for (const n of [3, 1]) {
    const batch = { x: new Float32Array(100 * n).fill(0.3), label: Array(n).fill(1) };
    const losses: unknown[] = [];
    for (const net of [shared, separate]) {
      await net.forward();
      net.reshape({ x: [n, 4, 5, 5], label: [n] });
      net.clearParamDiffs();
      const { loss } = await net.forward(batch);
      await net.backward();
      losses.push([loss, net.learnables.map(({ tensor }) => [...tensor.diff.array])]);
    }
    expect(losses[0]).toEqual(losses[1]);
  }
  for (const net of [shared, separate]) await net.dispose();
});

test("when shapes change on the way, what was computed before is still there", async () => {
  const conv = (size: number) =>
    `type: "Convolution" convolution_param { num_output: 4 kernel_size: ${size} pad: ${(size - 1) / 2} weight_filler { type: "xavier" } }`;
  const text = `
    layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 4 dim: 5 dim: 5 } } }
    layer { name: "conv" bottom: "x" top: "c" ${conv(3)} }
    layer { name: "early" bottom: "c" top: "e" type: "TanH" }
    layer { name: "change" type: "DummyData" top: "d" dummy_data_param { shape { dim: 1 dim: 1 dim: 9 dim: 9 } data_filler { type: "uniform" } } }
    layer { name: "late" bottom: "e" top: "l" ${conv(1)} }
    layer { name: "later" bottom: "l" top: "y" type: "Sigmoid" }
    layer { name: "scale" bottom: "d" top: "s" type: "Scale" }
    layer { name: "global" bottom: "s" top: "z" type: "Pooling" pooling_param { pool: AVE global_pooling: true } }`;
  let size = 1;
  const run = async (shareMemory: boolean) => {
    const net = await netFromText(`force_backward: true ${text}`, { keep: "outputs", shareMemory });
    const shapes = { liveShapes: () => [[1, 1, size, size]], topShapes: () => [[1, 1, size, size]] };
    Object.assign(net.layers.find(({ name }) => name === "change") ?? {}, shapes);
    const seen: unknown[] = [];
    for (size of [3, 3, 7, 2, 2, 2]) {
      net.clearParamDiffs();
      seen.push(await net.forward({ x: inputs.x }));
      for (const name of net.outputs) net.blobs.get(name)?.diff.fill(0.5);
      await net.backward();
      seen.push(net.learnables.map(({ tensor }) => [...tensor.diff.array]));
    }
    await net.dispose();
    return seen;
  };
  expect(await run(true)).toEqual(await run(false));
});

test("a run that fails leaves nothing that could be taken for its results", async () => {
  const net = await build();
  await expect(net.forward({ x: inputs.x, label: [0, 99] })).rejects.toMatchObject({ code: "MOKA_LABEL" });
  expect(net.blobs.get("b0")?.hasData).toBe(false);
  await net.forward(inputs);
  expect(net.blobs.get("b0")?.hasData).toBe(true);
  await net.dispose();
});

test("a step in TypeScript that does not say what it touches keeps all its layer has", async () => {
  const net = await build();
  const tanh = net.layers.find(({ name }) => name === "l5");
  const forward = tanh?.forward.bind(tanh);
  const seen: number[] = [];
  Object.assign(tanh ?? {}, {
    forward: (...[k, bottom, top]: Parameters<NonNullable<typeof forward>>) => {
      forward?.(k, bottom, top);
      k.host("look", () => void seen.push(...(bottom[0]?.data.array ?? [])));
    },
  });
  net.reshape();
  await net.forward(inputs);
  await net.backward();
  expect(seen).toHaveLength(200);
  for (const name of [...(tanh?.bottoms ?? []), ...(tanh?.tops ?? [])]) {
    expect(net.blobs.get(name)?.hasData, name).toBe(true);
  }
  await net.dispose();
});
