import { expect, test } from "vitest";
import { node, same } from "../../../test/onnx/nodes.js";

const inputs = { x: [2, 3, 4, 5] };

test.each([-1, 0, 1, 2, 3])("along axis %i", async (axis) => {
  expect(await same({ inputs, nodes: [node("Softmax", { axis })] })).toEqual({ moka: "Softmax", bvlc: "Softmax" });
});

test("without an axis: the last one, and before opset 13 all from 1 on", async () => {
  expect((await same({ inputs, nodes: [node("Softmax")] })).bvlc).toBe("Softmax");
  expect((await same({ opset: 11, inputs, nodes: [node("Softmax")] })).bvlc).toBe("Flatten Softmax Reshape");
  expect((await same({ opset: 11, inputs, nodes: [node("Softmax", { axis: 2 })] })).bvlc).toBe(
    "Reshape Softmax Reshape",
  );
  expect((await same({ opset: 11, inputs: { x: [4, 7] }, nodes: [node("Softmax")] })).bvlc).toBe("Softmax");
});

test("LogSoftmax", async () => {
  expect((await same({ inputs, nodes: [node("LogSoftmax", { axis: 1 })], tolerance: 1e-5 })).bvlc).toBe("Softmax Log");
});
