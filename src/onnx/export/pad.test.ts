import { expect, test } from "vitest";
import { exportError, exported } from "../../../test/onnx/exported.js";

const net = (param: string) => `
  layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 5 } } }
  layer { name: "pad" type: "Pad" bottom: "x" top: "y" pad_param { ${param} } }`;

test.each([
  "paddings: [0, 0, 1, 0, 2, 3, 0, 1]",
  "paddings: [0, 0, 0, 0, 1, 1, 1, 1] constant_values: -2.5",
  "paddings: [1, 2, 0, 0, 0, 0, 0, 0]",
  "paddings: [0, 0, 0, 0, 0, 0, 0, 0]",
])("Pad %s", async (param) => {
  const text = net(param);
  for (const opset of [11, 13, 22]) expect(await exportError(text, { opset, more: [{ x: [3, 3, 4, 5] }] })).toBe(0);
});

test("is one node", async () => {
  const { exported: model } = await exported(net("paddings: [0, 0, 0, 0, 1, 1, 1, 1]"));
  expect(model.model.graph?.node.map(({ opType }) => opType)).toEqual(["Pad"]);
});
