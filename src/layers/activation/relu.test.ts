import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { runLayer } from "../../../test/layers.js";

const layer = (param = "", top = "y") => `layer { name: "layer" type: "ReLU" bottom: "x" top: "${top}" ${param} }`;

test("cuts off what is negative, and passes NaN on", async () => {
  const { y } = await runLayer(layer(), { x: { shape: [5], data: [-2, -0.5, 0, 3, Number.NaN] } });
  expect(y).toEqual({ shape: [5], data: [0, 0, 0, 3, Number.NaN] });
});

test("with a negative_slope keeps a part of it", async () => {
  const { y } = await runLayer(layer("relu_param { negative_slope: 0.5 }"), { x: { shape: [2], data: [-2, 3] } });
  expect(y.data).toEqual([-1, 3]);
});

test("with relu6 is at most 6, also where it is leaky", async () => {
  const x = { shape: [5], data: [-20, -1, 3, 6, 9] };
  const bounded = (param: string) => runLayer(layer(`relu_param { relu6: true ${param} }`), { x });
  expect((await bounded("")).y.data).toEqual([0, 0, 3, 6, 6]);
  expect((await bounded("negative_slope: 0.5")).y.data).toEqual([-10, -0.5, 3, 6, 6]);
  expect((await bounded("negative_slope: -0.5")).y.data).toEqual([6, 0.5, 3, 6, 6]);
});

describe("gradient", () => {
  test.each([
    ["plain", layer()],
    ["leaky", layer("relu_param { negative_slope: 0.1 }")],
    ["in place", layer("", "x")],
    ["leaky in place", layer("relu_param { negative_slope: 0.1 }", "x")],
    ["with relu6", layer("relu_param { relu6: true }")],
    ["leaky with relu6, in place", layer("relu_param { relu6: true negative_slope: 0.1 }", "x")],
  ])("%s", async (_, text) => {
    await checkGradients({ layer: text, inputs: { x: [2, 3, 4] }, kinks: [0, 6] });
  });
});

testContract("ReLU", { inputs: { x: imageShape }, param: "relu_param { negative_slope: 0.1 }" });
testContract("ReLU with relu6", { inputs: { x: imageShape }, param: "relu_param { relu6: true }" });
