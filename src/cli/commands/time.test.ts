import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { moka } from "../../../test/cli.js";
import { Net } from "../../index.js";

const model = fileURLToPath(new URL("../../../test/golden/train/mlp_sgd/train_val.prototxt", import.meta.url));

test("times each layer, forward and backward, and prints it as Caffe does", async () => {
  const { code, err } = await moka("time", "-model", model, "-iterations", "2", "-phase", "TRAIN");
  expect(code).toBe(0);
  const messages = err.split("\n").map((line) => line.replace(/^.*?\] /, ""));
  const time = "[\\d.e+-]+ ms\\.";
  for (const layer of ["h5", "fc1", "bn1", "sc1", "relu1", "fc2", "loss"]) {
    expect(messages).toContainEqual(expect.stringMatching(new RegExp(`^ *${layer}\tforward: ${time}$`)));
    expect(messages).toContainEqual(expect.stringMatching(new RegExp(`^ *${layer}\tbackward: ${time}$`)));
  }
  expect(messages).toContainEqual(expect.stringMatching(new RegExp(`^Iteration: 2 forward-backward time: ${time}$`)));
  expect(messages).toContainEqual(expect.stringMatching(new RegExp(`^Average Forward-Backward: ${time}$`)));
});

test("--json gives the same as data", async () => {
  const { out } = await moka("time", "-model", model, "-iterations", "1", "--json");
  const { layers, engine } = JSON.parse(out);
  expect(layers.map(({ name }: { name: string }) => name)).toEqual(["h5", "fc1", "bn1", "sc1", "relu1", "fc2", "loss"]);
  expect(layers.every((layer: { forwardMs: number }) => layer.forwardMs >= 0)).toBe(true);
  expect(engine).toContain("WebAssembly");
});

test("a deploy net runs the backward that it runs in Caffe: for what learns, and where none is asked", async () => {
  const net = await Net.load(
    `input: "x" input_shape { dim: 1 dim: 3 dim: 6 dim: 6 }
    layer { name: "conv" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 2 kernel_size: 3 } }
    layer { name: "relu" type: "ReLU" bottom: "c" top: "c" }
    layer { name: "norm" type: "LRN" bottom: "c" top: "n" }
    layer { name: "pool" type: "Pooling" bottom: "n" top: "p" pooling_param { kernel_size: 2 } }
    layer { name: "fixed" type: "InnerProduct" bottom: "p" top: "f" param { lr_mult: 0 } param { lr_mult: 0 }
      inner_product_param { num_output: 2 } }
    layer { name: "ip" type: "InnerProduct" bottom: "f" top: "y" param { lr_mult: 1 } param { lr_mult: 0 }
      inner_product_param { num_output: 2 } }
    layer { name: "prob" type: "Softmax" bottom: "y" top: "prob" }`,
    { everyBackward: true, engine: "reference" },
  );
  const works = net.nodes.filter(({ needsBackward }) => needsBackward);
  expect(works.map(({ layer, wanted, learns }) => [layer.name, wanted, learns])).toEqual([
    ["conv", [false], [true, true]],
    ["norm", [true], []],
    ["ip", [false], [true, false]],
    ["prob", [true], []],
  ]);
  const backward = new Set(net.program("backward").steps.map(({ layer }) => net.layers[layer]?.name));
  expect([...backward].sort()).toEqual(["conv", "ip", "norm", "prob"]);
  net.blobs.get("x")?.data.fill(1);
  await net.runForward();
  net.blobs.get("prob")?.diff.set([1, 0]);
  await net.runBackward();
  expect([...(net.blobs.get("y")?.diff ?? [])]).toEqual([0.25, -0.25]);
  await net.dispose();
});

test("ONNX Runtime is timed forward, as one layer between Moka's", async () => {
  const call = ["time", "-model", model, "-iterations", "2", "--engine", "onnxruntime"];
  const { code, err } = await moka(...call, "--provider", "cpu");
  expect(code, err).toBe(0);
  expect(err).toContain("Phase TEST; ONNX Runtime computes the layer onnxruntime, without backward.");
  expect(err).toMatch(/Iteration: 2 forward time: [\d.e+-]+ ms\./);
  expect(err).toMatch(/Average Forward pass: [\d.e+-]+ ms\./);
  expect(err).not.toContain("ackward pass");
  const { layers, engine } = JSON.parse((await moka(...call, "--json")).out);
  expect(engine).toBe("onnxruntime");
  expect(layers.map(({ name }: { name: string }) => name)).toEqual(
    expect.arrayContaining(["h5", "onnxruntime", "loss"]),
  );
});
