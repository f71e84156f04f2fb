import { expect, test } from "vitest";
import { exportError } from "../../../test/onnx/exported.js";

test.each([
  ["2 3 7 8", "kernel_size: 3 pad: 1", [{ x: [3, 3, 7, 8] }]],
  ["2 3 7 8", "kernel_h: 3 kernel_w: 2 stride: 2 dilation: 2", [{ x: [3, 3, 7, 8] }]],
  ["2 3 6 6", "kernel_size: 3 pad_l: 1 pad_b: 2", []],
  ["2 3 9", "kernel_size: 2 stride: 3", [{ x: [3, 3, 9] }]],
  ["1 2 4 5 3", "kernel_size: 2 pad: 1", []],
  ["2 2 3 5 5", "axis: 2 kernel_size: 3", [{ x: [3, 2, 3, 5, 5] }]],
  ["3 5 5", "axis: 0 kernel_size: 3", []],
])("Im2col of %s with %s moves values", async (dims, param, more) => {
  const text = `
    layer { name: "x" type: "Input" top: "x" input_param { shape { ${dims.replace(/\d+/g, "dim: $&")} } } }
    layer { name: "layer" type: "Im2col" bottom: "x" top: "y" convolution_param { ${param} } }`;
  for (const opset of [11, 22]) expect(await exportError(text, { opset, more })).toBe(0);
});
