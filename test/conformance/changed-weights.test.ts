// A net for inference may keep what it computes of its weights; nobody may notice.
import { expect, test } from "vitest";
import { type KernelStep, kernelStep } from "../../src/core/program.js";
import { WasmEngine } from "../../src/engines/wasm/index.js";
import { blas } from "../blas.js";
import { relativeError } from "../golden/engines.js";
import { netFromText } from "../nets.js";

const text = `
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 20 dim: 9 dim: 9 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 40 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
layer { name: "point" type: "Convolution" bottom: "conv" top: "point"
  convolution_param { num_output: 30 kernel_size: 1 weight_filler { type: "xavier" } } }
layer { name: "same" type: "Convolution" bottom: "point" top: "same" param { name: "w" } param { name: "b" }
  convolution_param { num_output: 30 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
layer { name: "again" type: "Convolution" bottom: "same" top: "again" param { name: "w" } param { name: "b" }
  convolution_param { num_output: 30 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }`;

const engines = {
  wasm: () => WasmEngine.create({ threads: 2 }),
  ...(blas && { blas: () => WasmEngine.create({ blas }) }),
};

test.each(Object.entries(engines))("%s: a net in TEST sees every change of its weights", async (_, create) => {
  const engine = await create();
  const net = await netFromText(text, { phase: "TEST", engine, keep: "outputs" });
  const reference = await netFromText(text, { phase: "TEST" });
  const input = Float32Array.from({ length: 20 * 81 }, (_, i) => Math.sin(i));
  const compare = async () => {
    const [own, wanted] = [await net.forward({ data: input }), await reference.forward({ data: input })];
    const values = wanted.again ?? new Float32Array(0);
    expect(Math.hypot(...values)).toBeGreaterThan(0);
    expect(own.again).toHaveLength(values.length);
    expect(relativeError(own.again ?? [], values)).toBeLessThan(1e-5);
  };
  reference.params.get("bn")?.[1]?.data.fill(1);
  reference.params.get("bn")?.[2]?.data.fill(1);
  net.copyTrainedLayers(reference.toMessage());
  await compare();
  await compare();

  const other = await netFromText(text, { phase: "TEST", seed: 9 });
  other.params.get("bn")?.[1]?.data.fill(2);
  other.params.get("bn")?.[2]?.data.fill(1);
  for (const each of [net, reference]) each.copyTrainedLayers(other.toMessage());
  await compare();

  // Arrays that are kept, and written to later.
  const kept = [net, reference].flatMap(({ params }) => [params.get("same"), params.get("conv"), params.get("point")]);
  const arrays = kept.map((blobs) => blobs?.[0]?.data);
  await compare();
  for (const factor of [-1, 0.5]) {
    for (const values of arrays) values?.set(values.map((value) => factor * value + 0.01));
    await compare();
  }
  await Promise.all([net.dispose(), reference.dispose(), engine.dispose()]);
});

test("a net in TEST that shares its weights with one that learns sees what that one learns", async () => {
  const engine = await WasmEngine.create();
  const trained = await netFromText(text, { engine });
  const tested = await netFromText(text, { phase: "TEST", engine });
  tested.shareTrainedLayersWith(trained);
  const input = { data: new Float32Array(20 * 81).fill(1) };
  const first = await tested.forward(input);
  expect((await tested.forward(input)).again).toEqual(first.again);
  const weights = trained.learnables.find(({ tensor }) => tensor.shape.length === 4)?.tensor.data;
  expect(weights?.revision).toBeUndefined();
  // As a solver does it, by a kernel.
  if (weights)
    engine.compile([kernelStep("axpby", { x: weights, y: weights, a: -2, b: 0 }, 0) as KernelStep]).run(0, 1);
  const fresh = await netFromText(text, { phase: "TEST" });
  fresh.copyTrainedLayers(trained.toMessage());
  const second = (await tested.forward(input)).again ?? [];
  const wanted = (await fresh.forward(input)).again ?? new Float32Array(0);
  expect(relativeError(second, wanted)).toBeLessThan(1e-5);
  expect(relativeError(second, first.again ?? new Float32Array(0))).toBeGreaterThan(0.01);
  await fresh.dispose();
  await Promise.all([trained.dispose(), tested.dispose()]);
});
