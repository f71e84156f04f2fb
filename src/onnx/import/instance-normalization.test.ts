import { expect, test } from "vitest";
import { floats, node, same } from "../../../test/onnx/nodes.js";

test.each([[[2, 3, 4, 5]], [[2, 3, 7]]])("a blob %j", async (x) => {
  const constants = { g: floats([3]), b: floats([3]) };
  const nodes = [node("InstanceNormalization", { epsilon: 0.01 }, ["g", "b"])];
  const types = await same({ inputs: { x }, constants, nodes, targets: ["moka", "bvlc", "nnie"], tolerance: 1e-5 });
  if (x.length === 4) expect(types.bvlc).toBe("Pooling Power Flatten Bias Power Pooling Power Flatten Scale Scale");
});
