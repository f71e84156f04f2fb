// Numbers: by hand.
import { expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param = "") => `layer { name: "layer" type: "Flip" bottom: "x" top: "y" flip_param { ${param} } }`;
const x = { shape: [1, 2, 2, 3], data: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] };

test.each([
  ["", [3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10]],
  ["flip_width: false flip_height: true", [4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9]],
  ["flip_height: true", [6, 5, 4, 3, 2, 1, 12, 11, 10, 9, 8, 7]],
  ["flip_width: false", x.data],
])("with %j", async (param, data) => {
  expect((await runLayer(layer(param), { x })).y).toEqual({ shape: x.shape, data });
});

test("takes fewer axes, and none of values", async () => {
  expect((await runLayer(layer(), { x: { shape: [2, 2], data: [1, 2, 3, 4] } })).y.data).toEqual([1, 2, 3, 4]);
  expect((await runLayer(layer(), { x: { shape: [0, 1, 2, 2], data: [] } })).y.data).toEqual([]);
  expect(await buildError(layer(), { x: [1, 1, 1, 2, 2] })).toMatch(/at most 4 axes, \(N, C, H, W\); it is/);
});

test.each(["", "flip_height: true"])("gradient with %j", async (param) => {
  await checkGradients({ layer: layer(param), inputs: { x: [2, 2, 3, 2] } });
});

testContract("Flip", { inputs: { a: imageShape } });
