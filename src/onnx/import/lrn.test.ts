import { expect, test } from "vitest";
import { node, refused, same } from "../../../test/onnx/nodes.js";

const check = (size: number) => ({
  inputs: { x: [2, 7, 3, 4] },
  nodes: [node("LRN", { size, alpha: 0.3, beta: 0.7, bias: 1.5 })],
});

test.each([1, 3, 5])("size %i", async (size) => {
  expect(await same(check(size))).toEqual({ moka: "LRN", bvlc: "LRN" });
});

test("an even size is refused", async () => {
  await expect(refused(check(4))).rejects.toThrow("its size 4 is even; Caffe's local_size must be odd");
});
