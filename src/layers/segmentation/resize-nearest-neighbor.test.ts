// Numbers: by hand, after the fork's formulas.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param: string) =>
  `layer { name: "layer" type: "ResizeNearestNeighbor" bottom: "x" top: "y" resize_nearest_neighbor_param { ${param} } }`;
const row = { shape: [1, 1, 1, 4], data: [1, 2, 3, 4] };

test.each([
  ["scale_width: 2", [1, 1, 2, 2, 3, 3, 4, 4]],
  ["output_width: 6", [1, 1, 2, 3, 3, 4]],
  ["output_width: 3", [1, 2, 3]],
  ["output_width: 6 align_corners: true", [1, 2, 2, 3, 3, 4]],
  ["output_width: 2 half_pixel_centers: true", [2, 4]],
  ["output_width: 2 half_pixel_onnx: true", [1, 3]],
  ["output_width: 8 half_pixel_onnx: true", [1, 1, 1, 2, 2, 3, 3, 4]],
  ["", [1, 2, 3, 4]],
])("with %s", async (param, data) => {
  const { y } = await runLayer(layer(`data_format: "NCHW" ${param}`), { x: row });
  expect(y).toEqual({ shape: [1, 1, 1, data.length], data });
});

test("errors", async () => {
  const x = [1, 1, 2, 2];
  expect(await buildError(layer("scale_width: 2"), { x })).toMatch(/data_format "NHWC" is not computed/);
  expect(await buildError(layer('data_format: "NCHW" scale_width: 0'), { x })).toMatch(/gives a top of 2×0 from 2×2$/);
  expect(await buildError(layer('data_format: "NCHW"'), { x: [2, 2] })).toMatch(/needs a bottom \(N, C, H, W\)/);
  expect(await buildError(layer("align_corners: true half_pixel_onnx: true"), { x })).toMatch(/takes one of/);
});

test.each(["scale_height: 2 scale_width: 3", "output_height: 4 output_width: 2 half_pixel_centers: true"])(
  "gradient with %s",
  async (param) => {
    await checkGradients({ layer: layer(`data_format: "NCHW" ${param}`), inputs: { x: [2, 2, 3, 5] } });
  },
);

const param = 'resize_nearest_neighbor_param { data_format: "NCHW" scale_height: 2 scale_width: 2 }';
testContract("ResizeNearestNeighbor", { inputs: { a: [2, 3, 4, 4] }, param });
