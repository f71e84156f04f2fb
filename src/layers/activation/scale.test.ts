import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "", top = "y", second = "") =>
  `layer { name: "layer" type: "Scale" bottom: "x" ${second} top: "${top}" scale_param { ${param} } }`;
const two = 'bottom: "g"';

/** One image of two channels of two values. */
const x = { shape: [1, 2, 2], data: [1, 2, 3, 4] };

test("multiplies each channel by its scale", async () => {
  const { y } = await runLayer(layer(), { x }, [[10, -1]]);
  expect(y).toEqual({ shape: x.shape, data: [10, 20, -3, -4] });
});

test("with bias_term adds a bias to each", async () => {
  const { y } = await runLayer(layer("bias_term: true"), { x }, [
    [10, -1],
    [0.5, 100],
  ]);
  expect(y.data).toEqual([10.5, 20.5, 97, 96]);
});

test("starts as the identity", async () => {
  const { y } = await runLayer(layer("bias_term: true"), { x });
  expect(y.data).toEqual(x.data);
});

test("starts with what its fillers say", async () => {
  const fillers = "filler { value: 3 } bias_term: true bias_filler { value: -1 }";
  const { y } = await runLayer(layer(fillers), { x });
  expect(y.data).toEqual([2, 5, 8, 11]);
});

test("takes the scale from a second bottom, and learns only the bias then", async () => {
  const g = { shape: [2], data: [10, -1] };
  const { y } = await runLayer(layer("bias_term: true", "y", two), { x, g }, [[1, 2]]);
  expect(y.data).toEqual([11, 21, -1, -2]);
});

test.each([
  ["", [3]],
  ["axis: 0 num_axes: 2", [2, 3]],
  ["num_axes: -1", [3, 4]],
  ["axis: -1", [4]],
  ["axis: -2 num_axes: 2", [3, 4]],
  ["num_axes: 0", []],
])("with %j its parameters have shape %j", async (param, shape) => {
  const net = await layerNet(layer(`${param} bias_term: true`), { x: [2, 3, 4] });
  expect(net.params.get("layer")?.map((blob) => blob.shape)).toEqual([shape, shape]);
  await net.dispose();
});

test.each([
  ["a scalar", "", [], [2], [2, 4, 6, 8]],
  ["the first axes", "axis: 0", [1, 2], [2, 3], [2, 4, 9, 12]],
  ["the last axis", "axis: -1", [2], [2, 3], [2, 6, 6, 12]],
] as const)("repeats a second bottom: %s", async (_, param, shape, data, expected) => {
  const { y } = await runLayer(layer(param, "y", two), { x, g: { shape, data } });
  expect(y.data).toEqual(expected);
});

test("takes a scalar for a bottom of any shape", async () => {
  for (const shape of [[], [1], [1, 1, 1]]) {
    const { y } = await runLayer(layer("", "y", two), { x: { shape, data: [3] }, g: { shape: [], data: [2] } });
    expect(y).toEqual({ shape, data: [6] });
  }
});

test("says which field does not fit the bottom", async () => {
  const shapes = { x: [2, 3, 4] };
  expect(await buildError(layer("axis: 2 num_axes: 2"), shapes)).toBe(
    '<text>:3:1: layer "layer" (Scale): scale_param.axis 2 and num_axes 2 reach past the 3 axes of the bottom 2 3 4 (24)',
  );
  expect(await buildError(layer("axis: 3"), shapes)).toMatch(
    /scale_param.axis 3 is out of range for a blob of 3 axes, 2 3 4 \(24\)$/,
  );
  expect(await buildError(layer("num_axes: -2"), shapes)).toMatch(
    /scale_param.num_axes must be -1 \(all axes from axis on\), 0 or more, not -2$/,
  );
});

test("says how a second bottom must look", async () => {
  expect(await buildError(layer("", "y", two), { x: [2, 3, 4], g: [4] })).toBe(
    '<text>:4:1: layer "layer" (Scale): the second bottom has shape 4 (4), ' +
      "but the first, 2 3 4 (24), has 3 (3) at scale_param.axis 1",
  );
  expect(await buildError(layer("axis: 2", "y", two), { x: [2, 3, 4], g: [4, 5] })).toMatch(
    /second bottom has shape 4 5 \(20\), but the first, 2 3 4 \(24\), has 4 \(4\) at scale_param.axis 2$/,
  );
});

describe("gradient", () => {
  const learned = { x: [2, 3, 2] };
  test.each([
    ["scale", "", "y"],
    ["scale in place", "", "x"],
    ["scale and bias", "bias_term: true", "y"],
    ["scale and bias in place", "bias_term: true", "x"],
    ["several axes", "axis: 0 num_axes: 2 bias_term: true", "y"],
    ["the last axis", "axis: -1 bias_term: true", "y"],
    ["a scalar", "num_axes: 0 bias_term: true", "y"],
    ["a scalar in place", "num_axes: 0 bias_term: true", "x"],
  ])("%s", async (_, param, top) => {
    await checkGradients({ layer: layer(param, top), inputs: learned });
  });

  test.each([
    ["two bottoms", "", [3], "y"],
    ["two bottoms in place", "", [3], "x"],
    ["two bottoms and a bias", "bias_term: true", [3], "y"],
    ["a bottom of the same shape", "axis: 0", [2, 3, 2], "y"],
    ["a scalar bottom", "", [], "y"],
  ])("%s", async (_, param, shape, top) => {
    await checkGradients({ layer: layer(param, top, two), inputs: { ...learned, g: shape } });
  });
});

testContract("Scale", {
  inputs: { x: imageShape },
  param: 'scale_param { bias_term: true filler { type: "uniform" } }',
});
testContract("Scale by a bottom", { inputs: { x: imageShape, g: [2, 3] }, param: "scale_param { axis: 0 }" });
