import { expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (dims: readonly number[], param = "", top = "y") =>
  `layer { name: "layer" type: "Reshape" bottom: "x" top: "${top}" ` +
  `reshape_param { shape { ${dims.map((dim) => `dim: ${dim}`).join(" ")} } ${param} } }`;

test.each([
  [[6, 4], "", [6, 4]],
  [[0, -1], "", [2, 12]],
  [[-1], "", [24]],
  [[0, 0, 2, -1], "", [2, 3, 2, 2]],
  [[-1, 1, 1], "axis: 1", [2, 12, 1, 1]],
  [[6], "num_axes: 2", [6, 4]],
  [[12], "axis: 1 num_axes: 2", [2, 12]],
  [[1, 3], "axis: 1 num_axes: 1", [2, 1, 3, 4]],
  [[1], "axis: 1 num_axes: 0", [2, 1, 3, 4]],
  [[1, 1], "axis: -1 num_axes: 0", [2, 3, 4, 1, 1]],
  [[2, 2], "axis: -2", [2, 3, 2, 2]],
])("dims %j with %j turn 2 3 4 into %j", async (dims, param, shape) => {
  const net = await layerNet(layer(dims, param), { x: [2, 3, 4] });
  expect(net.blobs.get("y")?.shape).toEqual(shape);
  await net.dispose();
});

test("without dims makes a scalar of a single value", async () => {
  const { y } = await runLayer(layer([]), { x: { shape: [1, 1], data: [7] } });
  expect(y).toEqual({ shape: [], data: [7] });
});

test("keeps the values, in the memory of its bottom", async () => {
  const net = await layerNet(layer([3, 2]), { x: [2, 3] }, { header: "force_backward: true" });
  await net.forward({ x: [1, 2, 3, 4, 5, 6] });
  expect([...(net.blobs.get("y")?.data ?? [])]).toEqual([1, 2, 3, 4, 5, 6]);
  expect(net.blobs.get("y")?.data).toBe(net.blobs.get("x")?.data);
  expect(net.blobs.get("y")?.diff).toBe(net.blobs.get("x")?.diff);
  await net.dispose();
});

test("says why the values do not fit", async () => {
  expect(await buildError(layer([5, -1]), { x: [2, 3, 4] })).toBe(
    '<text>:3:1: layer "layer" (Reshape): reshape_param.shape 5 -1 does not hold the 24 values of 2 3 4 (24)',
  );
  const fails = (dims: number[], param = "") => buildError(layer(dims, param), { x: [2, 3, 4] });
  expect(await fails([2, 3])).toMatch(/reshape_param.shape 2 3 does not hold the 24 values/);
  expect(await fails([12], "axis: 1 num_axes: 1")).toMatch(/shape 12 in the place of 3 \(3\) does not hold the 24/);
  expect(await fails([-1, -1])).toMatch(/reshape_param.shape: at most one dim may be -1$/);
  expect(await fails([-2, -12])).toMatch(/reshape_param.shape: dim 0 is -2; a dim is a size, 0 to copy one, or -1/);
  expect(await fails([2, 3, 4, 0])).toMatch(/reshape_param.shape: dim 3 is 0, but there is no such axis to copy$/);
  for (const param of ["axis: 4", "axis: -5", "axis: 2 num_axes: 2", "num_axes: -2"]) {
    expect(await fails([24], param)).toMatch(/reshape_param.axis .* do not lie within the bottom's 3 axes$/);
  }
});

test("cannot work in place", async () => {
  expect(await buildError(layer([3, 2], "", "x"), { x: [2, 3] })).toMatch(
    /cannot work in place: top "x" is its bottom/,
  );
});

test("gradient", async () => {
  await checkGradients({ layer: layer([0, -1]), inputs: { x: [2, 3, 2] } });
});

testContract("Reshape", { inputs: { x: imageShape }, param: "reshape_param { shape { dim: 0 dim: -1 dim: 2 } }" });
