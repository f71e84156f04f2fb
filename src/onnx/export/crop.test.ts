import { expect, test } from "vitest";
import { exportError, exported } from "../../../test/onnx/exported.js";

const net = (reference: string, param: string) => `
  layer { name: "x" type: "Input" top: "x" top: "like"
    input_param { shape { dim: 2 dim: 3 dim: 6 dim: 7 } shape { ${reference.replace(/\d+/g, "dim: $&")} } } }
  layer { name: "crop" type: "Crop" bottom: "x" bottom: "like" top: "y" crop_param { ${param} } }`;

test.each([
  ["2 3 4 5", "", ["Slice"]],
  ["2 3 4 5", "offset: 2", ["Slice"]],
  ["2 3 4 5", "axis: 2 offset: 1 offset: 2", ["Slice"]],
  ["2 2 6 7", "axis: 1 offset: 1 offset: 0 offset: 0", ["Slice"]],
  ["2 9 6 7", "axis: -2", ["Identity"]],
  ["2 2 4 5", "axis: 0 offset: 0 offset: 1 offset: 1 offset: 0", ["Slice"]],
])("Crop to %s, %s", async (reference, param, ops) => {
  const text = net(reference, param);
  const { exported: model } = await exported(text);
  expect(model.model.graph?.node.map(({ opType }) => opType)).toEqual(ops);
  expect(Object.keys(model.inputs)).toEqual(["x"]);
  const like = reference.split(" ").map((size, axis) => (axis === 0 ? 4 : Number(size)));
  for (const opset of [11, 22]) expect(await exportError(text, { opset, more: [{ x: [4, 3, 6, 7], like }] })).toBe(0);
});

test("a crop to a batch is of one batch", async () => {
  const text = net("4 3 6 7", "axis: 0").replace('top: "x" top: "like"', 'top: "like" top: "x"');
  const { exported: model } = await exported(text);
  expect(model.batch).toMatchObject({ dynamic: false, reason: expect.stringContaining("depends on the batch size") });
  expect(await exportError(text)).toBe(0);
});
