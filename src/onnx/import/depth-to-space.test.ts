import { expect, test } from "vitest";
import { node, same } from "../../../test/onnx/nodes.js";

const targets = ["moka", "ssd", "bvlc"];

test.each(["DCR", "CRD"])("DepthToSpace, %s", async (mode) => {
  const types = await same({
    inputs: { x: [2, 12, 3, 5] },
    nodes: [node("DepthToSpace", { blocksize: 2, mode })],
    targets,
    tolerance: 0,
  });
  expect(types).toEqual({ moka: "DepthToSpace", ssd: "Reshape Permute Reshape", bvlc: "Deconvolution" });
});

test("SpaceToDepth", async () => {
  const types = await same({
    inputs: { x: [2, 3, 4, 6] },
    nodes: [node("SpaceToDepth", { blocksize: 2 })],
    targets,
    tolerance: 0,
  });
  expect(types).toEqual({ moka: "Reshape Permute Reshape", ssd: "Reshape Permute Reshape", bvlc: "Convolution" });
});
