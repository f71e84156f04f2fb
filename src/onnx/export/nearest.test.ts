import { expect, test } from "vitest";
import { exportError, exported } from "../../../test/onnx/exported.js";

const net = (layer: string, dims: string) => `
  layer { name: "x" type: "Input" top: "x" input_param { shape { ${dims.replace(/\d+/g, "dim: $&")} } } }
  layer { name: "up" ${layer} bottom: "x" top: "y" }`;

test.each([
  [`type: "Upsample" upsample_param { scale: 2 }`, "2 3 4 5", ["Resize"]],
  [`type: "Upsample" upsample_param { scale: 3 }`, "2 3 7 11", ["Resize"]],
  [`type: "Upsample"`, "2 3 4 5", ["Identity"]],
  [`type: "UpsampleDarknet" upsample_darknet_param { stride: 7 }`, "2 3 3 5", ["Resize"]],
  [`type: "UpsampleDarknet" upsample_darknet_param { stride: 2 }`, "2 3 4", ["Resize"]],
])("%s of %s", async (layer, dims, ops) => {
  const text = net(layer, dims);
  const { exported: model } = await exported(text);
  expect(model.model.graph?.node.map(({ opType }) => opType)).toEqual(ops);
  const [, ...rest] = dims.split(" ").map(Number);
  for (const opset of [11, 13, 22]) expect(await exportError(text, { opset, more: [{ x: [3, ...rest] }] })).toBe(0);
});
