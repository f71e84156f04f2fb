import { expect, test } from "vitest";
import { exportError } from "../../../test/onnx/exported.js";

test.each([
  [""],
  ["local_size: 3 alpha: 0.5 beta: 0.6 k: 2"],
  ["local_size: 1 alpha: 2"],
  ["local_size: 9 alpha: 3 beta: 1.5"],
  ["norm_region: WITHIN_CHANNEL"],
  ["norm_region: WITHIN_CHANNEL local_size: 3 alpha: 0.5 beta: 0.6 k: 2"],
  ["norm_region: WITHIN_CHANNEL local_size: 9 alpha: 2"],
])("LRN %s", async (param) => {
  const text = `
    layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 7 dim: 5 dim: 6 } } }
    layer { name: "norm" type: "LRN" bottom: "x" top: "y" lrn_param { ${param} } }`;
  for (const opset of [11, 22]) {
    expect(await exportError(text, { opset, more: [{ x: [3, 7, 5, 6] }] })).toBeLessThan(1e-6);
  }
});
