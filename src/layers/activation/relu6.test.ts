import { expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { runLayer } from "../../../test/layers.js";

const layer = 'layer { name: "layer" type: "ReLU6" bottom: "x" top: "y" }';

test("is min(max(x, 0), 6)", async () => {
  const { y } = await runLayer(layer, { x: { shape: [7], data: [-1, 0, 2.5, 6, 7, Number.NaN, Infinity] } });
  expect(y.data).toEqual([0, 0, 2.5, 6, 6, 0, 6]);
});

test("gradient", async () => {
  await checkGradients({ layer, inputs: { x: [2, 3, 4] }, kinks: [0, 6] });
});

testContract("ReLU6", { inputs: { x: imageShape } });
