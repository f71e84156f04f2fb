import { expect, test } from "vitest";
import { exportError } from "../../../test/onnx/exported.js";

const net = (param: string, h: number, w: number) => `
  layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: ${h} dim: ${w} } } }
  layer { name: "resize" type: "ResizeNearestNeighbor" bottom: "x" top: "y"
    resize_nearest_neighbor_param { data_format: "NCHW" ${param} } }`;

const modes = ["", "align_corners: true", "half_pixel_centers: true", "half_pixel_onnx: true"];
const sizes = [
  [4, 5, 8, 10],
  [4, 5, 3, 13],
  [7, 3, 5, 2],
  [5, 6, 1, 6],
];

test.each(modes)("ResizeNearestNeighbor %s copies values", async (mode) => {
  for (const [h, w, height, width] of sizes) {
    const text = net(`output_height: ${height} output_width: ${width} ${mode}`, h, w);
    for (const opset of [11, 22]) expect(await exportError(text, { opset, more: [{ x: [3, 3, h, w] }] })).toBe(0);
  }
});
