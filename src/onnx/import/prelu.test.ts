import { expect, test } from "vitest";
import { floats, node, refused, same } from "../../../test/onnx/nodes.js";

const check = (shape: readonly number[], x = [2, 3, 4, 5]) => ({
  inputs: { x },
  constants: { slope: floats(shape) },
  nodes: [node("PRelu", {}, ["slope"])],
});

test.each([[[3, 1, 1]], [[1, 3, 1, 1]], [[1]], [[]], [[1, 1, 1]]])("slopes of shape %j", async (shape) => {
  expect(await same(check(shape))).toEqual({ moka: "PReLU", bvlc: "PReLU" });
});

test("a matrix has its channels last", async () => {
  expect(await same(check([3], [2, 3]))).toEqual({ moka: "PReLU", bvlc: "PReLU" });
});

test("slopes along another axis are refused", async () => {
  await expect(refused(check([5]))).rejects.toThrow("its slopes 5 are not one for each channel of 2 × 3 × 4 × 5");
});
