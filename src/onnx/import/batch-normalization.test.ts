import { expect, test } from "vitest";
import { floats, node, refused, same } from "../../../test/onnx/nodes.js";

const constants = { g: floats([3]), b: floats([3]), m: floats([3]), v: floats([3], [0.5, 1, 2]) };
const norm = (attributes = {}) => node("BatchNormalization", { epsilon: 0.01, ...attributes }, ["g", "b", "m", "v"]);

test.each([[[2, 3, 4, 5]], [[4, 3]], [[2, 3, 7]]])("a blob %j", async (x) => {
  for (const opset of [9, 15]) {
    expect(await same({ opset, inputs: { x }, constants, nodes: [norm()] })).toEqual({
      moka: "BatchNorm Scale",
      bvlc: "BatchNorm Scale",
    });
  }
});

test("the statistics of a batch are refused", async () => {
  const check = {
    opset: 15,
    inputs: { x: [2, 3, 4, 5] },
    constants,
    nodes: [{ ...norm({ training_mode: 1 }), outputs: ["y", "a", "c"] }],
  };
  await expect(refused(check)).rejects.toThrow("it takes the statistics of its batch");
});
