import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { layerNet, runLayer } from "../../../test/layers.js";

const layer = (bottoms: string, param = "", tops = 'top: "y"') =>
  `layer { name: "layer" type: "LSTM" ${bottoms} ${tops} recurrent_param { num_output: 3 ${param} } }`;
const plain = 'bottom: "x" bottom: "cont"';

test("is an LSTM: i, f, o, g in this order, two steps of one cell", async () => {
  const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
  const text = layer(plain).replace("num_output: 3", "num_output: 1");
  const inputs = { x: { shape: [2, 1, 1], data: [1, -2] }, cont: { shape: [2, 1], data: [0, 1] } };
  const { y } = await runLayer(text, inputs, [
    [0.1, 0.2, 0.3, 0.4],
    [0.5, 0.6, 0.7, 0.8],
    [-1, 1, 2, -2],
  ]);
  const c1 = sigmoid(0.6) * Math.tanh(1.2);
  const h1 = sigmoid(1) * Math.tanh(c1);
  const c2 = sigmoid(0.6 - 0.4 + h1) * c1 + sigmoid(0.5 - 0.2 - h1) * Math.tanh(0.8 - 0.8 - 2 * h1);
  const h2 = sigmoid(0.7 - 0.6 + 2 * h1) * Math.tanh(c2);
  expect(y.shape).toEqual([2, 1, 1]);
  expect(y.data[0]).toBeCloseTo(h1, 6);
  expect(y.data[1]).toBeCloseTo(h2, 6);
});

test("has its parameters in Caffe's order", async () => {
  const shapes = { x: [4, 2, 5, 2], cont: [4, 2], xs: [2, 7] };
  const net = await layerNet(layer(`${plain} bottom: "xs"`), shapes);
  expect(net.params.get("layer")?.map(({ shape }) => shape)).toEqual([[12, 10], [12], [12, 7], [12, 3]]);
  expect(net.blobs.get("y")?.shape).toEqual([4, 2, 3]);
  await net.dispose();
});

describe("gradient", () => {
  const x = [4, 2, 5];
  const cont = [4, 2];

  test("through steps that go on and begin", async () => {
    await checkGradients({
      layer: layer(plain),
      inputs: { x, cont },
      values: { cont: [0, 0, 1, 1, 1, 0, 1, 1] },
      check: ["x", "0", "1", "2"],
    });
  });

  test("to a static input", async () => {
    await checkGradients({
      layer: layer(`${plain} bottom: "xs"`),
      inputs: { x, cont, xs: [2, 3] },
      values: { cont: [0, 0, 1, 1, 1, 0, 1, 1] },
      check: ["x", "xs", "0", "1", "2", "3"],
    });
  });

  test("to the state before the first step, from that after the last", async () => {
    const states = 'bottom: "h0" bottom: "c0"';
    await checkGradients({
      layer: layer(`${plain} bottom: "xs" ${states}`, "expose_hidden: true", 'top: "y" top: "h" top: "c"'),
      inputs: { x, cont, xs: [2, 3], h0: [1, 2, 3], c0: [1, 2, 3] },
      values: { cont: [1, 1, 1, 0, 1, 1, 1, 1] },
      check: ["x", "xs", "h0", "c0", "0", "1", "2", "3"],
    });
  });
});

testContract("LSTM", {
  inputs: { x: [2, 1, 3], label: [2, 1] },
  param: 'recurrent_param { num_output: 2 weight_filler { type: "xavier" } }',
});
