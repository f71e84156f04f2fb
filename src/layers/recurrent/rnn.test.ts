import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { layerNet, runLayer } from "../../../test/layers.js";

const layer = (bottoms: string, param = "", tops = 'top: "y"') =>
  `layer { name: "layer" type: "RNN" ${bottoms} ${tops} recurrent_param { num_output: 3 ${param} } }`;
const plain = 'bottom: "x" bottom: "cont"';

test("is h = tanh(W·x + b + W_h·h), o = tanh(W_o·h + b_o), for two steps of one unit", async () => {
  const text = layer(plain).replace("num_output: 3", "num_output: 1");
  const inputs = { x: { shape: [2, 1, 1], data: [1, -2] }, cont: { shape: [2, 1], data: [0, 1] } };
  const { y } = await runLayer(text, inputs, [[0.5], [0.1], [2], [-1.5], [0.2]]);
  const h1 = Math.tanh(0.6);
  const h2 = Math.tanh(-1 + 0.1 + 2 * h1);
  expect(y.shape).toEqual([2, 1, 1]);
  expect(y.data[0]).toBeCloseTo(Math.tanh(-1.5 * h1 + 0.2), 6);
  expect(y.data[1]).toBeCloseTo(Math.tanh(-1.5 * h2 + 0.2), 6);
});

test("has its parameters in Caffe's order", async () => {
  const shapes = { x: [4, 2, 5, 2], cont: [4, 2], xs: [2, 7] };
  const net = await layerNet(layer(`${plain} bottom: "xs"`), shapes);
  expect(net.params.get("layer")?.map(({ shape }) => shape)).toEqual([[3, 10], [3], [3, 7], [3, 3], [3, 3], [3]]);
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
      check: ["x", "0", "1", "2", "3", "4"],
    });
  });

  test("to a static input, and to the state before the first step, from that after the last", async () => {
    await checkGradients({
      layer: layer(`${plain} bottom: "xs" bottom: "h0"`, "expose_hidden: true", 'top: "y" top: "h"'),
      inputs: { x, cont, xs: [2, 3], h0: [1, 2, 3] },
      values: { cont: [1, 1, 1, 0, 1, 1, 1, 1] },
      check: ["x", "xs", "h0", "0", "1", "2", "3", "4", "5"],
    });
  });
});

testContract("RNN", {
  inputs: { x: [2, 1, 3], label: [2, 1] },
  param: 'recurrent_param { num_output: 2 weight_filler { type: "xavier" } }',
});
