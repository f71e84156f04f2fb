import { expect, test } from "vitest";
import { exportError, exported } from "../../../test/onnx/exported.js";

const net = (param: string) => `
  layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 5 dim: 6 } } }
  layer { name: "layer" type: "Deconvolution" bottom: "x" top: "y" convolution_param { num_output: 3 ${param} } }`;
const more = [{ x: [1, 3, 5, 6] }];

// The forms that it shares with Convolution are in convolution.test.ts.
test("Deconvolution by groups interpolates bilinearly", async () => {
  const text = net(`group: 3 kernel_size: 4 stride: 2 pad: 1 bias_term: false weight_filler { type: "bilinear" }`);
  expect(await exportError(text, { more })).toBeLessThan(1e-6);
});

test("pads alone give the size, of each side", async () => {
  const text = net(`kernel_size: 3 stride: 4 dilation: 2 pad_t: 1 pad_l: 2 pad_r: 3 weight_filler { type: "xavier" }`);
  const { exported: model } = await exported(text);
  const [{ attribute }] = model.model.graph?.node ?? [];
  expect(attribute.find(({ name }) => name === "pads")?.ints.map(Number)).toEqual([1, 2, 0, 3]);
  expect(attribute.map(({ name }) => name)).not.toContain("output_padding");
  expect(await exportError(text, { more })).toBeLessThan(1e-6);
});
