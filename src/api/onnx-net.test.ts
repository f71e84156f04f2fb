import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { largestError } from "../../test/onnx/exported.js";
import { Net } from "./net.js";
import { loadOnnxNet } from "./onnx-net.js";

const text = `
  layer { name: "data" type: "DummyData" top: "data" top: "label" top: "other"
          dummy_data_param { shape { dim: 4 dim: 3 } shape { dim: 4 } shape { dim: 1 }
            data_filler { type: "constant" value: 0.5 } data_filler { type: "constant" value: 1 } data_filler { type: "constant" value: 2 } } }
  layer { name: "quiet" type: "Silence" bottom: "other" }
  layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
          inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
  layer { name: "relu" type: "ReLU" bottom: "ip" top: "ip" }
  layer { name: "score" type: "InnerProduct" bottom: "ip" top: "score"
          inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
  layer { name: "accuracy" type: "Accuracy" bottom: "score" bottom: "label" top: "accuracy" include { phase: TEST } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "score" bottom: "label" top: "loss" loss_weight: 2 }`;

test("Moka's layers give the data and score what ONNX Runtime computes", async () => {
  const net = await Net.load(text, { engine: "reference", seed: 3 });
  const onnx = await loadOnnxNet(text, { weights: net.toMessage(), threads: 1 });
  expect(onnx.layers.map(({ name }) => name).filter((name) => !name.includes("_split"))).toEqual([
    "data",
    "onnxruntime",
    "accuracy",
    "loss",
    "quiet",
  ]);
  expect(onnx.outputs).toEqual(net.outputs);
  const wanted = await net.forward();
  const found = await onnx.forward();
  for (const name of net.outputs) expect(largestError(found[name] ?? [], wanted[name] ?? []), name).toBeLessThan(1e-5);
  expect(onnx.loss).toBeCloseTo(net.loss, 5);
  expect(onnx.lossWeight("loss")).toBe(2);
  await expect(onnx.backward()).rejects.toThrow("without backward");
  await net.dispose();
  await onnx.dispose();
});

test("a net to deploy takes other batch sizes and rows of inputs, as any net", async () => {
  const deploy = `
    input: "data" input_shape { dim: 2 dim: 3 }
    layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
    layer { name: "relu" type: "ReLU" bottom: "ip" top: "relu" }
    layer { name: "prob" type: "Softmax" bottom: "relu" top: "prob" }`;
  const net = await Net.load(deploy, { engine: "reference" });
  const onnx = await loadOnnxNet(deploy, { weights: net.toMessage(), blobs: ["ip", "data"], keep: "all" });
  const rows = Float32Array.from({ length: 15 }, (_, i) => Math.sin(i));
  const wanted = await net.forwardAll({ data: rows });
  const found = await onnx.forwardAll({ data: rows });
  expect(found.prob?.shape).toEqual([5, 4]);
  expect(largestError(found.prob?.data ?? [], wanted.prob?.data ?? [])).toBeLessThan(1e-5);
  for (const each of [net, onnx]) {
    each.reshape({ data: [5, 3] });
    await each.forward({ data: rows });
  }
  expect(onnx.blobs.get("ip")?.shape).toEqual([5, 4]);
  expect(largestError(onnx.blobs.get("ip")?.data ?? [], net.blobs.get("ip")?.data ?? [])).toBeLessThan(1e-5);
  await net.dispose();
  await onnx.dispose();
});

test("phase TRAIN is refused", async () => {
  const model = fileURLToPath(new URL("../../test/golden/train/mlp_sgd/train_val.prototxt", import.meta.url));
  await expect(loadOnnxNet(model, { phase: "TRAIN" })).rejects.toThrow("ONNX Runtime computes nets in phase TEST");
});

test("losses read what layers in place made of the data, and data that ONNX Runtime reads too", async () => {
  const auto = `
    layer { name: "data" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 dim: 3 } data_filler { type: "gaussian" } } }
    layer { name: "relu" type: "ReLU" bottom: "x" top: "x" }
    layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
    layer { name: "off" type: "EuclideanLoss" bottom: "ip" bottom: "x" top: "off" }`;
  const plain = auto.replace(/.*relu.*\n/, "");
  for (const text of [auto, plain]) {
    const net = await Net.load(text, { engine: "reference", seed: 3 });
    const onnx = await loadOnnxNet(text, { weights: net.toMessage(), seed: 3, keep: "all" });
    const { off } = await onnx.forward();
    net.blobs.get("x")?.data.set(onnx.blobs.get("x")?.data ?? []);
    await net.forward({}, { from: net.layers[1]?.name });
    expect(off?.[0]).toBeGreaterThan(0);
    expect(off?.[0]).toBeCloseTo(net.blobs.get("off")?.data[0] ?? 0, 5);
    await net.dispose();
    await onnx.dispose();
  }
});
