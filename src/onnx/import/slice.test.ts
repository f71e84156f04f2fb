import { expect, test } from "vitest";
import { ints, refused, same } from "../../../test/onnx/nodes.js";

const slice = (
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[],
  steps: readonly number[],
) => ({
  inputs: { x: [2, 7, 8, 9] },
  constants: { starts: ints(starts), ends: ints(ends), axes: ints(axes), steps: ints(steps) },
  nodes: [{ op: "Slice", inputs: ["x", "starts", "ends", "axes", "steps"] }],
  tolerance: 0,
});

test.each([
  ["the middle", [2], [5], [1], [1], "Slice Silence"],
  ["the end", [-3], [2 ** 62], [3], [1], "Slice Silence"],
  ["all", [0], [100], [2], [1], "Split"],
  ["two axes", [1, 2], [6, -1], [1, 2], [1, 1], "Slice Slice Silence"],
  ["every second", [0], [100], [2], [2], "Slice Reshape Pooling Reshape Silence"],
  ["every third from 1", [1], [100], [3], [3], "Slice Reshape Pooling Reshape Silence"],
  [
    "every second of two axes",
    [1, 1],
    [100, 100],
    [2, 3],
    [2, 2],
    "Slice Reshape Pooling Reshape Slice Reshape Pooling Reshape Silence",
  ],
  ["backwards", [-1], [-100], [1], [-1], "Slice Concat"],
  ["backwards by two", [5], [0], [1], [-2], "Slice Concat Silence"],
] as const)("%s", async (_, starts, ends, axes, steps, types) => {
  expect((await same(slice(starts, ends, axes, steps))).bvlc).toBe(types);
});

test("attributes before opset 10", async () => {
  const nodes = [{ op: "Slice", inputs: ["x"], attributes: { starts: [1, 0], ends: [3, 4], axes: [1, 2] } }];
  expect((await same({ opset: 9, inputs: { x: [2, 7, 8, 9] }, nodes, tolerance: 0 })).bvlc).toBe("Slice Slice Silence");
});

test("nothing left is refused", async () => {
  await expect(refused(slice([5], [2], [1], [1]))).rejects.toThrow("it keeps nothing of axis 1");
});
