import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "", tops = ["a", "b"]) =>
  `layer { name: "layer" type: "Slice" bottom: "x" ${tops.map((name) => `top: "${name}"`).join(" ")} ` +
  `slice_param { ${param} } }`;

/** Two images of four channels. */
const x = { shape: [2, 4], data: [1, 2, 3, 4, 10, 20, 30, 40] };

test("cuts the channels into equal pieces", async () => {
  const { a, b } = await runLayer(layer(), { x });
  expect(a).toEqual({ shape: [2, 2], data: [1, 2, 10, 20] });
  expect(b).toEqual({ shape: [2, 2], data: [3, 4, 30, 40] });
});

test("cuts at the slice points", async () => {
  const { a, b, c } = await runLayer(layer("slice_point: 1 slice_point: 3", ["a", "b", "c"]), { x });
  expect(a).toEqual({ shape: [2, 1], data: [1, 10] });
  expect(b).toEqual({ shape: [2, 2], data: [2, 3, 20, 30] });
  expect(c).toEqual({ shape: [2, 1], data: [4, 40] });
});

test.each(["axis: 0", "axis: -2", "slice_dim: 0"])("with %s cuts the batch", async (param) => {
  const { a, b } = await runLayer(layer(param), { x });
  expect(a).toEqual({ shape: [1, 4], data: [1, 2, 3, 4] });
  expect(b).toEqual({ shape: [1, 4], data: [10, 20, 30, 40] });
});

test("hands a single top on without a copy", async () => {
  const net = await layerNet(layer("", ["y"]), { x: [2, 3] }, { header: "force_backward: true" });
  await net.forward({ x: [1, 2, 3, 4, 5, 6] });
  expect(net.blobs.get("y")?.data).toBe(net.blobs.get("x")?.data);
  expect(net.blobs.get("y")?.diff).toBe(net.blobs.get("x")?.diff);
  await net.dispose();
});

test("says what does not fit", async () => {
  const shapes = { x: [2, 5] };
  expect(await buildError(layer(), shapes)).toBe(
    '<text>:3:1: layer "layer" (Slice): 2 tops must divide the axis of 5 in 2 5 (10); else give slice_param.slice_point',
  );
  expect(await buildError(layer("slice_point: 1 slice_point: 2"), shapes)).toMatch(
    /2 tops need 1 slice_param.slice_point, not 2$/,
  );
  for (const points of [0, 5, 6]) {
    expect(await buildError(layer(`slice_point: ${points}`), shapes)).toMatch(
      /slice_param.slice_point must rise and lie within 1 to 4 on the axis of 5; given: \d$/,
    );
  }
  expect(await buildError(layer("slice_point: 3 slice_point: 3", ["a", "b", "c"]), shapes)).toMatch(/given: 3, 3$/);
  expect(await buildError(layer("axis: 2"), shapes)).toMatch(/slice_param.axis 2 is out of range/);
  expect(await buildError(layer("slice_dim: 2"), shapes)).toMatch(/slice_param.slice_dim 2 is out of range/);
  expect(await buildError(layer("axis: 1 slice_dim: 1"), shapes)).toMatch(
    /slice_param takes axis or slice_dim, not both$/,
  );
});

describe("gradient", () => {
  test.each([
    ["of equal pieces", "", ["a", "b"]],
    ["of unequal pieces", "slice_point: 1 slice_point: 3", ["a", "b", "c"]],
    ["along the batch", "axis: 0 slice_point: 1", ["a", "b"]],
    ["along the last axis", "axis: -1", ["a", "b", "c"]],
    ["of one piece", "", ["a"]],
  ])("%s", async (_, param, tops) => {
    await checkGradients({ layer: layer(param, tops), inputs: { x: [2, 4, 3] } });
  });
});

testContract("Slice", { inputs: { x: [2, 4, 3] }, tops: ["a", "b"] });
