// Numbers: by hand, after the fork's formulas.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param: string) =>
  `layer { name: "layer" type: "ResizeBilinear" bottom: "x" top: "y" resize_bilinear_param { ${param} } }`;
const row = { shape: [1, 1, 1, 4], data: [0, 4, 8, 20] };

test.each([
  ["scale_width: 2", [0, 2, 4, 6, 8, 14, 20, 20]],
  ["output_width: 7 align_corners: true", [0, 2, 4, 6, 8, 14, 20]],
  ["output_width: 8 half_pixel_centers: true", [0, 1, 3, 5, 7, 11, 17, 20]],
  ["output_width: 2 pytorch_half_pixel: true", [2, 14]],
  ["output_width: 1 pytorch_half_pixel: true", [0]],
  ["output_width: 1 half_pixel_centers: true", [6]],
  ["output_width: 1 align_corners: true", [0]],
])("with %s", async (param, data) => {
  const { y } = await runLayer(layer(`data_format: "NCHW" ${param}`), { x: row });
  expect(y).toEqual({ shape: [1, 1, 1, data.length], data });
});

test("errors", async () => {
  const x = [1, 1, 2, 2];
  expect(await buildError(layer(""), { x })).toMatch(/data_format "NHWC" is not computed/);
  expect(await buildError(layer('data_format: "NCHW" input_scale: 2'), { x })).toMatch(/input_scale is not computed$/);
  expect(await buildError(layer("align_corners: true half_pixel_centers: true"), { x })).toMatch(/takes one of/);
});

test.each(["output_height: 5 output_width: 2 align_corners: true", "scale_height: 2 half_pixel_centers: true"])(
  "gradient with %s",
  async (param) => {
    await checkGradients({ layer: layer(`data_format: "NCHW" ${param}`), inputs: { x: [2, 2, 3, 4] } });
  },
);

const param = 'resize_bilinear_param { data_format: "NCHW" scale_height: 2 scale_width: 2 }';
testContract("ResizeBilinear", { inputs: { a: [2, 3, 4, 4] }, param });
