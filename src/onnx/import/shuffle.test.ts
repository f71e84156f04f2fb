import { expect, test } from "vitest";
import { ints, same } from "../../../test/onnx/nodes.js";

const moved = (x: readonly number[], cut: readonly number[], perm: readonly number[], shape: readonly number[]) => ({
  inputs: { x },
  constants: { cut: ints(cut), shape: ints(shape) },
  nodes: [
    { op: "Reshape", inputs: ["x", "cut"], outputs: ["a"] },
    { op: "Transpose", inputs: ["a"], outputs: ["b"], attributes: { perm } },
    { op: "Reshape", inputs: ["b", "shape"] },
  ],
  targets: ["moka", "bvlc", "ssd"],
  tolerance: 0,
});

test("channels of groups", async () => {
  const types = await same(moved([2, 6, 4, 5], [2, 3, 2, 4, 5], [0, 2, 1, 3, 4], [2, -1, 4, 5]));
  expect(types).toEqual({ moka: "ShuffleChannel", bvlc: "Convolution", ssd: "Reshape Permute Reshape" });
});

test("channels over blocks", async () => {
  const crd = await same(moved([2, 8, 3, 5], [2, 2, 2, 2, 3, 5], [0, 1, 4, 2, 5, 3], [2, 2, 6, 10]));
  expect(crd).toEqual({ moka: "Reshape Permute Reshape", bvlc: "Deconvolution", ssd: "Reshape Permute Reshape" });
  const dcr = await same(moved([2, 12, 3, 5], [2, 2, 2, 3, 3, 5], [0, 3, 4, 1, 5, 2], [2, 3, 6, 10]));
  expect(dcr).toEqual({ moka: "Reshape Permute Reshape", bvlc: "Deconvolution", ssd: "Reshape Permute Reshape" });
});

test("what looks alike but is something else stays as it is", async () => {
  const other = moved([2, 6, 4, 5], [2, 3, 2, 4, 5], [0, 2, 1, 3, 4], [2, 4, 6, 5]);
  expect(await same({ ...other, targets: ["moka"] })).toEqual({ moka: "Reshape Permute Reshape" });
});
