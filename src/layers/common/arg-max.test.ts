// No gradient: it gives indices.
import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "") => `layer { name: "layer" type: "ArgMax" bottom: "x" top: "y" argmax_param { ${param} } }`;

const x = { shape: [2, 4], data: [3, 9, 1, 5, -2, -1, -4, -3] };
/** Two images of two channels of three values. */
const image = { shape: [2, 2, 3], data: [1, 8, 3, 7, 2, 9, 6, 5, 4, 0, 10, 11] };

test("gives the index of the largest value of each row", async () => {
  expect((await runLayer(layer(), { x })).y).toEqual({ shape: [2, 1, 1], data: [1, 1] });
});

test("takes all values of an image as one row", async () => {
  expect((await runLayer(layer(), { x: image })).y).toEqual({ shape: [2, 1, 1], data: [5, 5] });
  const deep = { shape: [2, 1, 2, 1, 3], data: image.data };
  expect((await runLayer(layer("top_k: 2"), { x: deep })).y).toEqual({ shape: [2, 1, 2, 1, 1], data: [5, 1, 5, 4] });
});

test("with out_max_val gives indices, then values", async () => {
  const { y } = await runLayer(layer("top_k: 3 out_max_val: true"), { x });
  expect(y).toEqual({ shape: [2, 2, 3], data: [1, 3, 0, 9, 5, 3, 1, 0, 3, -1, -2, -3] });
});

test.each([
  ["axis: 1", [2, 1, 3], [1, 0, 1, 0, 1, 1]],
  ["axis: 1 out_max_val: true", [2, 1, 3], [7, 8, 9, 6, 10, 11]],
  ["axis: -1 top_k: 2", [2, 2, 2], [1, 2, 2, 0, 0, 1, 2, 1]],
  ["axis: 0 top_k: 2 out_max_val: true", [2, 2, 3], [6, 8, 4, 7, 10, 11, 1, 5, 3, 0, 2, 9]],
] as const)("with %j puts out %j", async (param, shape, data) => {
  expect((await runLayer(layer(param), { x: image })).y).toEqual({ shape, data });
});

test("takes the last of equal values first", async () => {
  const same = { shape: [1, 4], data: [5, 7, 7, 5] };
  expect((await runLayer(layer(), { x: same })).y.data).toEqual([2]);
  expect((await runLayer(layer("top_k: 4"), { x: same })).y.data).toEqual([2, 1, 3, 0]);
});

describe("errors", () => {
  test("a top_k of nothing, or of more than there is", async () => {
    expect(await buildError(layer("top_k: 5"), { x: [2, 4] })).toBe(
      '<text>:3:1: layer "layer" (ArgMax): argmax_param.top_k must be 1 to 4, the number of values to choose from ' +
        "in 2 4 (8), not 5",
    );
    expect(await buildError(layer("top_k: 0"), { x: [2, 4] })).toMatch(/top_k must be 1 to 4.*, not 0$/);
    expect(await buildError(layer("axis: 1 top_k: 3"), { x: [4, 2, 4] })).toMatch(/top_k must be 1 to 2/);
  });

  test("an axis there is not", async () => {
    expect(await buildError(layer("axis: 2"), { x: [2, 4] })).toMatch(/argmax_param.axis 2 is out of range/);
    expect(await buildError(layer(), { x: [] })).toMatch(/needs a bottom of one axis or more, not a scalar$/);
  });

  test("a gradient that is asked for", async () => {
    const up = 'layer { name: "up" type: "Bias" bottom: "raw" top: "x" }';
    const text = `${up} ${layer()} layer { name: "loss" type: "Reduction" bottom: "y" top: "loss" loss_weight: 1 }`;
    const net = await layerNet(text, { raw: [2, 3] });
    await net.forward();
    await expect(net.backward()).rejects.toThrow(
      'layer "layer" (ArgMax): has no gradient: cannot propagate down to "x"',
    );
    await net.dispose();
  });
});

testContract("ArgMax", { inputs: { x: imageShape }, param: "argmax_param { out_max_val: true top_k: 3 }" });
testContract("ArgMax along an axis", { inputs: { x: imageShape }, param: "argmax_param { axis: 1 }" });
