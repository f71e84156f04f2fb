import { expect, test } from "vitest";
import { exportError, exported } from "../../../test/onnx/exported.js";

const input = (dims: string) =>
  `layer { name: "x" type: "Input" top: "x" input_param { shape { ${dims.replace(/\d+/g, "dim: $&")} } } }`;
const join = (param: string, x = "x") =>
  `layer { name: "join" type: "BatchToSpaceND" bottom: "${x}" top: "y" batch_to_space_nd_param { ${param} } }`;

test.each([
  ["block_shape: [1, 2, 2] crops: [0, 0, 1, 0, 0, 1]", "8 3 3 5"],
  ["block_shape: 2 crops: [0, 0]", "4 2 3"],
  ["block_shape: [1, 3] crops: [0, 0, 1, 2]", "6 2 4 5"],
])("BatchToSpaceND %s of %s moves values, in the net's batch", async (param, dims) => {
  const text = [input(dims), join(param)].join("\n");
  expect((await exported(text)).exported.batch.dynamic).toBe(false);
  for (const opset of [11, 22]) expect(await exportError(text, { opset })).toBe(0);
});

test("behind SpaceToBatchND a batch has any size", async () => {
  const param = "block_shape: [1, 2, 3]";
  const cut = `layer { name: "cut" type: "SpaceToBatchND" bottom: "x" top: "c"
    space_to_batch_nd_param { ${param} paddings: [0, 0, 1, 0, 0, 1] } }`;
  const text = [input("2 3 3 5"), cut, join(`${param} crops: [0, 0, 1, 0, 1, 1]`, "c")].join("\n");
  expect(await exportError(text, { batch: "dynamic", more: [{ x: [5, 3, 3, 5] }] })).toBe(0);
});
