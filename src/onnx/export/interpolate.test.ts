import { expect, test } from "vitest";
import { exportError, exported } from "../../../test/onnx/exported.js";

const net = (layer: string, h: number, w: number) => `
  layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: ${h} dim: ${w} } } }
  layer { name: "resize" ${layer} bottom: "x" top: "y" }`;

async function check(text: string, coordinates: string | undefined, x: readonly number[]) {
  const { exported: model } = await exported(text);
  const last = model.model.graph?.node.at(-1);
  const mode = last?.attribute.find(({ name }) => name === "coordinate_transformation_mode");
  expect(mode && new TextDecoder().decode(mode.s)).toBe(coordinates);
  for (const opset of [11, 13, 22]) expect(await exportError(text, { opset, more: [{ x }] })).toBeLessThan(1e-5);
}

test.each([
  ["height: 9 width: 11", 4, 5, "align_corners"],
  ["height: 3 width: 4", 7, 9, "align_corners"],
  ["height: 1 width: 5", 3, 4, "align_corners"],
  ["height: 5 width: 6", 1, 1, "align_corners"],
  ["zoom_factor: 8", 5, 6, "align_corners"],
  ["shrink_factor: 2", 9, 7, "align_corners"],
  ["height: 4 width: 5", 4, 5, undefined],
  ["height: 7 width: 5 pad_beg: -1 pad_end: -2", 8, 9, "align_corners"],
  ["height: 5 width: 6 pad_beg: -1 pad_end: -2", 8, 9, undefined],
])("Interp %s of %i × %i", async (param, h, w, coordinates) => {
  await check(net(`type: "Interp" interp_param { ${param} }`, h, w), coordinates, [3, 3, h, w]);
});

const modes = [
  ["", "asymmetric"],
  ["align_corners: true", "align_corners"],
  ["half_pixel_centers: true", "half_pixel"],
  ["pytorch_half_pixel: true", "half_pixel"],
] as const;
test.each(modes)("ResizeBilinear %s", async (mode, coordinates) => {
  for (const [h, w, height, width] of [
    [4, 5, 8, 10],
    [4, 5, 3, 13],
    [7, 3, 5, 2],
  ]) {
    const param = `data_format: "NCHW" output_height: ${height} output_width: ${width} ${mode}`;
    const text = net(`type: "ResizeBilinear" resize_bilinear_param { ${param} }`, h, w);
    await check(text, coordinates, [3, 3, h, w]);
  }
});

test("ResizeBilinear to one row", async () => {
  for (const [mode, coordinates] of [
    ["pytorch_half_pixel", "pytorch_half_pixel"],
    ["half_pixel_centers", "half_pixel"],
  ]) {
    const param = `data_format: "NCHW" output_height: 1 output_width: 9 ${mode}: true`;
    const text = net(`type: "ResizeBilinear" resize_bilinear_param { ${param} }`, 4, 5);
    await check(text, coordinates, [3, 3, 4, 5]);
  }
});
