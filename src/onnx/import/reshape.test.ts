import { expect, test } from "vitest";
import { ints, node, refused, same } from "../../../test/onnx/nodes.js";

const both = (types: string) => ({ moka: types, bvlc: types });
const reshape = (shape: readonly number[], attributes = {}) => ({
  opset: 14,
  inputs: { x: [2, 3, 4, 5] },
  constants: { shape: ints(shape) },
  nodes: [node("Reshape", attributes, ["shape"])],
  tolerance: 0,
});

test.each([
  [[2, 60], "Flatten"],
  [[0, -1], "Flatten"],
  [[6, 20], "Reshape"],
  [[0, 0, -1], "Reshape"],
  [[-1], "Reshape"],
  [[2, 3, 2, 2, 5], "Reshape"],
  [[2, 3, 4, 5], "Split"],
] as const)("to %j", async (shape, types) => {
  expect(await same(reshape(shape))).toEqual(both(types));
});

test("a shape that does not fit is no model", async () => {
  await expect(refused(reshape([7, -1]))).rejects.toThrow("2 × 3 × 4 × 5 does not take the shape 7, -1");
  await expect(refused(reshape([7, 2]))).rejects.toThrow("2 × 3 × 4 × 5 values do not fill 7 × 2");
});

test("a shape that is computed of other shapes", async () => {
  const nodes = [
    { op: "Shape", inputs: ["x"], outputs: ["s"] },
    { op: "Gather", inputs: ["s", "zero"], outputs: ["n"] },
    { op: "Unsqueeze", inputs: ["n", "axes"], outputs: ["n1"] },
    { op: "Concat", inputs: ["n1", "rest"], outputs: ["shape"], attributes: { axis: 0 } },
    { op: "Reshape", inputs: ["x", "shape"] },
  ];
  const constants = { zero: ints([0], []), axes: ints([0]), rest: ints([-1]) };
  expect(await same({ inputs: { x: [2, 3, 4, 5] }, constants, nodes, tolerance: 0 })).toEqual(both("Flatten"));
});

test.each([0, 1, 2, 3, 4, -1])("Flatten from axis %i", async (axis) => {
  await same({ inputs: { x: [2, 3, 4, 5] }, nodes: [node("Flatten", { axis })], tolerance: 0 });
});

test("Squeeze and Unsqueeze", async () => {
  const axes = { axes: ints([1, -1]) };
  expect(await same({ inputs: { x: [2, 1, 3, 1] }, constants: axes, nodes: [node("Squeeze", {}, ["axes"])] })).toEqual(
    both("Flatten"),
  );
  expect(await same({ inputs: { x: [2, 1, 3, 1] }, nodes: [node("Squeeze")] })).toEqual(both("Flatten"));
  expect(await same({ inputs: { x: [2, 3] }, constants: axes, nodes: [node("Unsqueeze", {}, ["axes"])] })).toEqual(
    both("Reshape"),
  );
  expect(await same({ opset: 11, inputs: { x: [2, 3] }, nodes: [node("Unsqueeze", { axes: [0, 3] })] })).toEqual(
    both("Reshape"),
  );
});
