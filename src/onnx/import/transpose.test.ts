import { expect, test } from "vitest";
import { node, refused, same } from "../../../test/onnx/nodes.js";

const transpose = (perm: readonly number[], x = [2, 3, 4, 5]) => ({
  inputs: { x },
  nodes: [node("Transpose", { perm })],
  tolerance: 0,
});

test("an order of axes, where the target has one of the layers", async () => {
  const types = await same({ ...transpose([0, 2, 3, 1]), targets: ["moka", "ssd", "rknn"] });
  expect(types).toEqual({ moka: "Permute", ssd: "Permute", rknn: "Permute" });
  await expect(refused(transpose([0, 2, 3, 1]), { target: "bvlc" })).rejects.toThrow(
    '(Transpose) of "x": needs the layer Permute, which BVLC\'s Caffe has not',
  );
});

test("axes of size 1 move by Reshape", async () => {
  expect(await same(transpose([0, 2, 3, 1], [2, 1, 4, 5]))).toEqual({ moka: "Reshape", bvlc: "Reshape" });
  expect(await same(transpose([1, 0, 2], [1, 3, 4]))).toEqual({ moka: "Reshape", bvlc: "Reshape" });
});

test("backwards by default", async () => {
  await same({ inputs: { x: [2, 3, 4] }, nodes: [node("Transpose")], targets: ["moka"], tolerance: 0 });
});
