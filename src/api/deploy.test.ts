import ort from "onnxruntime-node";
import { expect, test } from "vitest";
import { largestError } from "../../test/onnx/exported.js";
import { deploy } from "./deploy.js";
import { Net } from "./net.js";

const conv = (height: number) => `
  name: "small"
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: ${height} dim: 8 } } }
  layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
          convolution_param { num_output: 4 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } bias_filler { type: "uniform" } } }
  layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
  layer { name: "last" type: "Convolution" bottom: "conv" top: "last"
          convolution_param { num_output: 5 kernel_size: 1 weight_filler { type: "xavier" } } }`;

const drawn = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898));

/** A net in Moka, and the same in ONNX Runtime. */
async function both(text: string, options: Parameters<typeof deploy>[2] = {}) {
  const net = await Net.load(text, { engine: "reference", seed: 5 });
  const session = await deploy(text, net.toMessage(), options);
  return { net, session };
}

test("inputs and outputs are those of net.forward", async () => {
  const { net, session } = await both(conv(6), { provider: "cpu", threads: 1 });
  expect(session.inputs).toEqual(["data"]);
  expect(session.outputs).toEqual(["last"]);
  expect(session.shapes).toEqual({ data: [2, 3, 6, 8], last: [2, 5, 6, 8] });
  const data = drawn(net.blobs.get("data")?.count ?? 0);
  const wanted = await net.forward({ data });
  const found = await session.run({ data });
  expect(Object.keys(found)).toEqual(["last"]);
  expect(largestError(found.last ?? [], wanted.last ?? [])).toBeLessThan(1e-5);
  await session.dispose();
  await expect(session.run({ data })).rejects.toThrow("the session was disposed of");
});

test("other batch sizes need no other export, other sizes of images do", async () => {
  const { net, session } = await both(conv(6));
  for (const shape of [
    [5, 3, 6, 8],
    [1, 3, 9, 8],
    [3, 3, 9, 8],
  ]) {
    net.reshape({ data: shape });
    const data = drawn(net.blobs.get("data")?.count ?? 0);
    const wanted = await net.forward({ data });
    const found = await session.run({ data: { shape, data } });
    expect(session.shapes.last).toEqual(net.blobs.get("last")?.shape);
    expect(largestError(found.last ?? [], wanted.last ?? [])).toBeLessThan(1e-5);
  }
  // Plain values say the batch by their number.
  const { last } = await session.run({ data: drawn(2 * 3 * 9 * 8) });
  expect(last?.length).toBe(2 * 5 * 9 * 8);
  await session.reshape({ data: [4, 3, 6, 8] });
  expect(session.shapes).toEqual({ data: [4, 3, 6, 8], last: [4, 5, 6, 8] });
  await expect(session.run({ data: drawn(7) })).rejects.toThrow('input "data" has shape 4 3 6 8 (576), but 7 values');
  await expect(session.run({ data: { shape: [2, 2], data: drawn(4) } })).rejects.toThrow("but the array has 2 2 (4)");
  await expect(session.run({ image: [1] })).rejects.toThrow('the net has no input "image"; its inputs are data');
  await expect(session.run({ data: ["a"] as never })).rejects.toThrow("must be an array of numbers");
  await session.dispose();
});

test("inputs keep their values, in runs that are asked for together too", async () => {
  const { net, session } = await both(conv(2));
  const data = drawn(96);
  const wanted = await net.forward({ data });
  const first = session.run({ data });
  data.fill(9);
  const zeros = session.run({ data: new Float32Array(96) });
  const third = session.run();
  expect(largestError((await first).last ?? [], wanted.last ?? [])).toBeLessThan(1e-5);
  expect((await third).last).toEqual((await zeros).last);
  await session.dispose();
});

test("outputs that another layer worked on in place keep Caffe's name, inputs that nothing reads are accepted", async () => {
  const text = `
    layer { name: "in" type: "Input" top: "data" top: "rest" input_param { shape { dim: 2 dim: 4 } shape { dim: 3 } } }
    layer { name: "relu" type: "ReLU" bottom: "data" top: "data" }`;
  const { net, session } = await both(text);
  const inputs = { data: [-1, 2, -3, 4, 5, -6, 7, -8], rest: [1, 2, 3] };
  expect(await session.run(inputs)).toEqual(await net.forward(inputs));
  expect(session.outputs).toEqual(net.outputs);
  await session.dispose();
});

test("a provider that is not there is an error that names those that are", async () => {
  await expect(both(conv(2), { provider: "dml" })).rejects.toMatchObject({
    code: "MOKA_UNSUPPORTED",
    message: expect.stringMatching(/no provider "dml" here; this build of it has cpu/),
  });
  await expect(both(conv(2), { provider: "cuda" })).rejects.toMatchObject({ code: "MOKA_UNSUPPORTED" });
  await expect(both(conv(2), { threads: 0 })).rejects.toThrow("threads must be 1 or more");
  await expect(both(conv(2), { runtime: {} as never })).rejects.toThrow("runtime must be the module of ONNX Runtime");
  await expect(deploy(conv(2), undefined, "cpu" as never)).rejects.toThrow("options are wanted, as in deploy(");
});

test("a runtime that is given is used, with the session's options", async () => {
  let options: unknown;
  const create = (model: Uint8Array, given: object) => {
    options = given;
    return ort.InferenceSession.create(model, given);
  };
  const runtime = { Tensor: ort.Tensor, InferenceSession: { create }, env: { wasm: {} } };
  const sessionOptions = { graphOptimizationLevel: "basic" } as const;
  const { session } = await both(conv(2), { runtime, threads: 1, provider: "cpu", sessionOptions });
  expect(options).toEqual({
    ...{ graphOptimizationLevel: "basic", logSeverityLevel: 3 },
    ...{ intraOpNumThreads: 1, executionProviders: ["cpu"] },
  });
  expect(runtime.env).toEqual({ wasm: { numThreads: 1 } });
  await session.dispose();
});

test("blobs that are asked for become outputs", async () => {
  const { net, session } = await both(conv(2), { outputs: ["conv"] });
  const data = drawn(96);
  await net.forward({ data });
  const found = await session.run({ data });
  expect(session.outputs).toEqual(["last", "conv"]);
  expect(largestError(found.conv ?? [], net.blobs.get("conv")?.data ?? [])).toBeLessThan(1e-5);
  await session.dispose();
});

test("outputs that only training and testing need are left out, which the log says once; a loss gives its probabilities", async () => {
  const text = `
    layer { name: "in" type: "Input" top: "x" top: "label" input_param { shape { dim: 2 dim: 3 } shape { dim: 2 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
    layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" top: "prob" loss_weight: 1 loss_weight: 0 }`;
  const lines: string[] = [];
  const { net, session } = await both(text, { log: (_severity, _origin, line) => lines.push(line) });
  const inputs = { x: [1, 2, 3, -1, 0, 1], label: [0, 2] };
  const wanted = await net.forward(inputs);
  for (let i = 0; i < 2; i++) {
    const found = await session.run(inputs);
    expect(Object.keys(found)).toEqual(["prob"]);
    expect(largestError(found.prob ?? [], wanted.prob ?? [])).toBeLessThan(1e-5);
  }
  expect(session.leftOut).toEqual(["accuracy", "loss"]);
  expect(lines).toEqual(["ONNX Runtime does not compute accuracy, loss, which only training and testing need."]);
  await session.dispose();
});
