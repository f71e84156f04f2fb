import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param: string) =>
  `layer { name: "layer" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { ${param} } }`;

/** Two vectors of three values. */
const x = { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] };
const w = [1, 0, -1, 2, 2, 2];

test("multiplies each vector by the weights and adds the bias", async () => {
  const { y } = await runLayer(layer("num_output: 2"), { x }, [w, [10, 100]]);
  expect(y).toEqual({ shape: [2, 2], data: [1 - 3 + 10, 12 + 100, 4 - 6 + 10, 30 + 100] });
});

test("with transpose holds the weights transposed; bias_term: false leaves the bias out", async () => {
  const transposed = [1, 2, 0, 2, -1, 2];
  const { y } = await runLayer(layer("num_output: 2 transpose: true bias_term: false"), { x }, [transposed]);
  expect(y.data).toEqual([-2, 12, -2, 30]);
});

test.each([
  ["", [2, 7], [[7, 60], [7]]],
  ["axis: 0", [7], [[7, 120], [7]]],
  ["axis: 2", [2, 3, 7], [[7, 20], [7]]],
  ["axis: -1", [2, 3, 4, 7], [[7, 5], [7]]],
  ["transpose: true", [2, 7], [[60, 7], [7]]],
  ["axis: -1 transpose: true bias_term: false", [2, 3, 4, 7], [[5, 7]]],
])("with %j makes %j of 2 3 4 5; its parameters have shapes %j", async (param, top, params) => {
  const net = await layerNet(layer(`num_output: 7 ${param}`), { x: [2, 3, 4, 5] });
  expect(net.blobs.get("y")?.shape).toEqual(top);
  expect(net.params.get("layer")?.map(({ shape }) => shape)).toEqual(params);
  await net.dispose();
});

test("starts with 0, or what its fillers say", async () => {
  expect((await runLayer(layer("num_output: 2"), { x })).y.data).toEqual([0, 0, 0, 0]);
  const fillers = "weight_filler { value: 1 } bias_filler { value: 0.5 }";
  expect((await runLayer(layer(`num_output: 1 ${fillers}`), { x })).y.data).toEqual([6.5, 15.5]);
});

test("needs num_output", async () => {
  expect(await buildError(layer(""), { x: [2, 3] })).toBe(
    '<text>:3:1: layer "layer" (InnerProduct): inner_product_param.num_output must be given, and greater than 0',
  );
  expect(await buildError(layer("num_output: 2 axis: 2"), { x: [2, 3] })).toMatch(
    /inner_product_param.axis 2 is out of range for a blob of 2 axes, 2 3 \(6\)$/,
  );
});

test("takes vectors of another shape, but not of another length", async () => {
  const net = await layerNet(layer("num_output: 2"), { x: [2, 6] });
  net.reshape({ x: [5, 3, 2] });
  expect(net.blobs.get("y")?.shape).toEqual([5, 2]);
  expect(() => net.reshape({ x: [2, 7] })).toThrow(
    '<text>:3:1: layer "layer" (InnerProduct): its bottom 2 7 (14) needs parameter 0 of shape 2 7 (14), ' +
      "but it has 2 6 (12)",
  );
  await net.dispose();
});

describe("gradient", () => {
  test.each(["", "bias_term: false", "transpose: true", "axis: 0", "axis: 2", "axis: -1 transpose: true"])(
    "with %j",
    async (param) => {
      await checkGradients({ layer: layer(`num_output: 4 ${param}`), inputs: { x: [2, 3, 2] } });
    },
  );
});

testContract("InnerProduct", {
  inputs: { x: imageShape },
  param: 'inner_product_param { num_output: 3 weight_filler { type: "xavier" } }',
});
testContract("InnerProduct transposed", {
  inputs: { x: imageShape },
  param: 'inner_product_param { num_output: 3 transpose: true weight_filler { type: "xavier" } }',
});
