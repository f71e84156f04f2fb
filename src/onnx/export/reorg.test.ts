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
])("%s, bit for bit, in batches of any size", async (layer) => {
  const more = [{ x: [3, 8, 4, 6] }];
  expect(await exportError(net(layer), { more, batch: "dynamic" })).toBe(0);
  expect(await exportError(net(layer), { opset: 11 })).toBe(0);
});
