import { expect, test } from "vitest";
import { exportError } from "../../../test/onnx/exported.js";

const net = (layer: string) =>
  `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 8 dim: 4 dim: 6 } } }
   layer { name: "y" ${layer} bottom: "x" top: "y" }`;

test.each([
  `type: "Reorg" reorg_param { stride: 2 }`,
  `type: "Reorg" reorg_param { stride: 2 reverse: true }`,
  `type: "Reorg" reorg_param { stride: 1 }`,
  `type: "Python" python_param { module: "yolov2" layer: "darknet_reorg" }`,
  `type: "ShuffleChannel" shuffle_channel_param { group: 4 }`,
  `type: "DepthToSpace" depth_to_space_param { block_size: 2 data_format: "NCHW" }`,
  `type: "DepthToSpace" depth_to_space_param { block_size: 2 data_format: "CRD" }`,
])("%s, bit for bit, in batches of any size", async (layer) => {
  const more = [{ x: [3, 8, 4, 6] }];
  expect(await exportError(net(layer), { more, batch: "dynamic" })).toBe(0);
  expect(await exportError(net(layer), { opset: 11 })).toBe(0);
});

test("DepthToSpace of NHWC, ShuffleChannel of other axes", async () => {
  const x = (dims: string) =>
    `layer { name: "x" type: "Input" top: "x" input_param { shape { ${dims.replace(/\d+/g, "dim: $&")} } } }`;
  const spread = `layer { name: "y" type: "DepthToSpace" bottom: "x" top: "y" depth_to_space_param { block_size: 2 } }`;
  expect(await exportError(`${x("2 3 4 8")} ${spread}`, { more: [{ x: [3, 3, 4, 8] }] })).toBe(0);
  const shuffle = `layer { name: "y" type: "ShuffleChannel" bottom: "x" top: "y" shuffle_channel_param { group: 2 } }`;
  for (const rest of [[6], [6, 5], [6, 2, 3, 2]]) {
    expect(await exportError(`${x(["2", ...rest].join(" "))} ${shuffle}`, { more: [{ x: [3, ...rest] }] })).toBe(0);
  }
});
