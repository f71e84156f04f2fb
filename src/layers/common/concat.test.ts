import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "", bottoms = ["a", "b"]) =>
  `layer { name: "layer" type: "Concat" ${bottoms.map((name) => `bottom: "${name}"`).join(" ")} top: "y" ` +
  `concat_param { ${param} } }`;

const a = { shape: [2, 1, 2], data: [1, 2, 3, 4] };
const b = { shape: [2, 2, 2], data: [10, 20, 30, 40, 50, 60, 70, 80] };

test("joins along the channels", async () => {
  const { y } = await runLayer(layer(), { a, b });
  expect(y).toEqual({ shape: [2, 3, 2], data: [1, 2, 10, 20, 30, 40, 3, 4, 50, 60, 70, 80] });
});

test.each([
  ["axis: 0", [4, 2], [1, 2, 3, 4, 5, 6, 7, 8]],
  ["axis: 1", [2, 4], [1, 2, 5, 6, 3, 4, 7, 8]],
  ["axis: -1", [2, 4], [1, 2, 5, 6, 3, 4, 7, 8]],
  ["axis: -2", [4, 2], [1, 2, 3, 4, 5, 6, 7, 8]],
  ["concat_dim: 0", [4, 2], [1, 2, 3, 4, 5, 6, 7, 8]],
])("with %s two matrices give shape %j", async (param, shape, data) => {
  const inputs = { a: { shape: [2, 2], data: [1, 2, 3, 4] }, b: { shape: [2, 2], data: [5, 6, 7, 8] } };
  expect((await runLayer(layer(param), inputs)).y).toEqual({ shape, data });
});

test("joins three, in their order", async () => {
  const one = (value: number) => ({ shape: [1, 1], data: [value] });
  const { y } = await runLayer(layer("", ["a", "b", "c"]), { a: one(1), b: one(2), c: one(3) });
  expect(y).toEqual({ shape: [1, 3], data: [1, 2, 3] });
});

test("passes a single bottom on without a copy, and its gradient back", async () => {
  const net = await layerNet(layer("", ["x"]), { x: [2, 3] }, { header: "force_backward: true" });
  await net.forward({ x: [1, 2, 3, 4, 5, 6] });
  const [x, y] = [net.blobs.get("x"), net.blobs.get("y")];
  expect(y?.shape).toEqual([2, 3]);
  expect(y?.data).toBe(x?.data);
  expect(y?.diff).toBe(x?.diff);
  await net.dispose();
});

test("says what does not fit", async () => {
  const shapes = { a: [2, 3, 4], b: [2, 5, 6] };
  expect(await buildError(layer(), shapes)).toBe(
    '<text>:4:1: layer "layer" (Concat): all bottoms must agree but for axis 1; there are 2 3 4 (24), 2 5 6 (60)',
  );
  for (const b of [[2], [2, 3, 1]]) {
    expect(await buildError(layer(), { a: [2, 3], b })).toMatch(/all bottoms must agree but for axis 1/);
  }
  expect(await buildError(layer("axis: 3"), shapes)).toMatch(/concat_param.axis 3 is out of range/);
  expect(await buildError(layer("concat_dim: 3"), shapes)).toMatch(/concat_param.concat_dim 3 is out of range/);
  expect(await buildError(layer("axis: 1 concat_dim: 1"), shapes)).toMatch(
    /concat_param takes axis or concat_dim, not both$/,
  );
});

describe("gradient", () => {
  test.each([
    ["along the channels", "", { a: [2, 1, 2], b: [2, 3, 2] }],
    ["along the batch", "axis: 0", { a: [1, 3], b: [2, 3] }],
    ["along the last axis", "axis: -1", { a: [2, 2, 1], b: [2, 2, 3] }],
    ["of three bottoms", "", { a: [2, 1], b: [2, 2], c: [2, 3] }],
    ["of one bottom", "", { a: [2, 3] }],
  ])("%s", async (_, param, inputs) => {
    await checkGradients({ layer: layer(param, Object.keys(inputs)), inputs });
  });
});

testContract("Concat", { inputs: { a: [2, 1, 4], b: [2, 3, 4] } });
testContract("Concat of one bottom", { inputs: { x: imageShape } });
