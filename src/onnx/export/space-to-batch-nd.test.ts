import { expect, test } from "vitest";
import { exportError } from "../../../test/onnx/exported.js";

const net = (param: string, dims: string) => `
  layer { name: "x" type: "Input" top: "x" input_param { shape { ${dims.replace(/\d+/g, "dim: $&")} } } }
  layer { name: "cut" type: "SpaceToBatchND" bottom: "x" top: "y" space_to_batch_nd_param { ${param} } }`;

test.each([
  ["block_shape: [1, 2, 2] paddings: [0, 0, 1, 0, 0, 1]", "2 3 3 5"],
  ["block_shape: 2 paddings: [0, 0]", "2 4 3"],
  ["block_shape: [1, 3] paddings: [0, 0, 1, 1]", "2 2 4 5"],
  ["block_shape: 1 paddings: [0, 0]", "2 4"],
])("SpaceToBatchND %s of %s moves values", async (param, dims) => {
  const [, ...rest] = dims.split(" ").map(Number);
  for (const opset of [11, 22]) {
    expect(await exportError(net(param, dims), { opset, more: [{ x: [3, ...rest] }] })).toBe(0);
  }
});
