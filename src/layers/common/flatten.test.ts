import { expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "", top = "y") =>
  `layer { name: "layer" type: "Flatten" bottom: "x" top: "${top}" flatten_param { ${param} } }`;

test.each([
  ["", [2, 60]],
  ["axis: 0", [120]],
  ["axis: 2", [2, 3, 20]],
  ["axis: -3", [2, 60]],
  ["end_axis: 2", [2, 12, 5]],
  ["axis: 0 end_axis: -3", [6, 4, 5]],
  ["axis: 1 end_axis: 1", [2, 3, 4, 5]],
  ["axis: 2 end_axis: 1", [2, 3, 1, 4, 5]],
])("with %j folds 2 3 4 5 into %j", async (param, shape) => {
  const net = await layerNet(layer(param), { x: [2, 3, 4, 5] });
  expect(net.blobs.get("y")?.shape).toEqual(shape);
  await net.dispose();
});

test("keeps the values, in the memory of its bottom", async () => {
  const { y } = await runLayer(layer(), { x: { shape: [1, 2, 2], data: [1, 2, 3, 4] } });
  expect(y).toEqual({ shape: [1, 4], data: [1, 2, 3, 4] });
  const net = await layerNet(layer(), { x: [1, 2, 2] }, { header: "force_backward: true" });
  await net.forward();
  expect(net.blobs.get("y")?.data).toBe(net.blobs.get("x")?.data);
  expect(net.blobs.get("y")?.diff).toBe(net.blobs.get("x")?.diff);
  await net.dispose();
});

test("says which axes do not fit", async () => {
  expect(await buildError(layer("axis: 3 end_axis: 1"), { x: [2, 3, 4, 5] })).toBe(
    '<text>:3:1: layer "layer" (Flatten): flatten_param.end_axis 1 lies before axis 3 of the bottom 2 3 4 5 (120)',
  );
  expect(await buildError(layer(), { x: [2] })).toMatch(/flatten_param.axis 1 is out of range for a blob of 1 axes/);
  expect(await buildError(layer("end_axis: 2"), { x: [2, 3] })).toMatch(/flatten_param.end_axis 2 is out of range/);
});

test("cannot work in place", async () => {
  expect(await buildError(layer("", "x"), { x: [2, 3] })).toMatch(/cannot work in place: top "x" is its bottom/);
});

test("gradient", async () => {
  await checkGradients({ layer: layer(), inputs: { x: [2, 3, 2] } });
});

testContract("Flatten", { inputs: { x: imageShape } });
