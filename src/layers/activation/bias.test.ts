import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "", top = "y", second = "") =>
  `layer { name: "layer" type: "Bias" bottom: "x" ${second} top: "${top}" bias_param { ${param} } }`;
const two = 'bottom: "b"';

/** One image of two channels of two values. */
const x = { shape: [1, 2, 2], data: [1, 2, 3, 4] };

test("adds its bias to each channel", async () => {
  const { y } = await runLayer(layer(), { x }, [[10, -1]]);
  expect(y).toEqual({ shape: x.shape, data: [11, 12, 2, 3] });
});

test("starts with 0, or what its filler says", async () => {
  expect((await runLayer(layer(), { x })).y.data).toEqual(x.data);
  expect((await runLayer(layer("filler { value: 3 }"), { x })).y.data).toEqual([4, 5, 6, 7]);
});

test.each([
  ["", [3]],
  ["axis: 0 num_axes: 2", [2, 3]],
  ["num_axes: -1", [3, 4]],
  ["axis: -1", [4]],
  ["num_axes: 0", []],
])("with %j its parameter has shape %j", async (param, shape) => {
  const net = await layerNet(layer(param), { x: [2, 3, 4] });
  expect(net.params.get("layer")?.map((blob) => blob.shape)).toEqual([shape]);
  await net.dispose();
});

test.each([
  ["of the channels", "", [2], [10, 20], [11, 12, 23, 24]],
  ["of a scalar", "", [], [10], [11, 12, 13, 14]],
  ["of the last axis", "axis: -1", [2], [10, 20], [11, 22, 13, 24]],
  ["of all axes", "axis: 0", [1, 2, 2], [1, 2, 3, 4], [2, 4, 6, 8]],
] as const)("takes a bias %s from a second bottom", async (_, param, shape, data, expected) => {
  const net = await layerNet(layer(param, "y", two), { x: x.shape, b: shape });
  expect(net.params.get("layer")).toBeUndefined();
  await net.dispose();
  const { y } = await runLayer(layer(param, "y", two), { x, b: { shape, data } });
  expect(y.data).toEqual(expected);
});

test("says which field does not fit the bottom", async () => {
  expect(await buildError(layer("axis: 1 num_axes: 3"), { x: [2, 3, 4] })).toBe(
    '<text>:3:1: layer "layer" (Bias): bias_param.axis 1 and num_axes 3 reach past the 3 axes of the bottom 2 3 4 (24)',
  );
  expect(await buildError(layer("axis: -4"), { x: [2, 3, 4] })).toMatch(/bias_param.axis -4 is out of range/);
});

test("says how a second bottom must look", async () => {
  expect(await buildError(layer("", "y", two), { x: [2, 3, 4], b: [2] })).toBe(
    '<text>:4:1: layer "layer" (Bias): the second bottom has shape 2 (2), ' +
      "but the first, 2 3 4 (24), has 3 (3) at bias_param.axis 1",
  );
});

describe("gradient", () => {
  test.each([
    ["plain", "", "y"],
    ["in place", "", "x"],
    ["several axes", "axis: 0 num_axes: 2", "y"],
    ["a scalar", "num_axes: 0", "y"],
  ])("%s", async (_, param, top) => {
    await checkGradients({ layer: layer(param, top), inputs: { x: [2, 3, 2] } });
  });

  test.each([
    ["two bottoms", "", [3], "y"],
    ["two bottoms in place", "", [3], "x"],
    ["a scalar bottom", "", [], "y"],
  ])("%s", async (_, param, shape, top) => {
    await checkGradients({ layer: layer(param, top, two), inputs: { x: [2, 3, 2], b: shape } });
  });
});

testContract("Bias", { inputs: { x: imageShape }, param: 'bias_param { filler { type: "uniform" } }' });
testContract("Bias of a bottom", { inputs: { x: imageShape, b: [2, 3] }, param: "bias_param { axis: 0 }" });
