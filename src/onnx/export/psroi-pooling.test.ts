import { expect, test } from "vitest";
import { exportError } from "../../../test/onnx/exported.js";

const input = (name: string, ...shape: number[]) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${shape.map((size) => `dim: ${size}`).join(" ")} } } }\n`;
const net = (group: number, scale: number, images = 2, rois: readonly number[] = [9, 5]) =>
  input("x", images, 2 * group * group, 6, 7) +
  input("rois", ...rois) +
  `layer { name: "y" type: "PSROIPooling" bottom: "x" bottom: "rois" top: "y"
    psroi_pooling_param { output_dim: 2 group_size: ${group} spatial_scale: ${scale} } }\n`;
/** Regions around and outside the image, some with halves, some turned round. */
const draw = (images: number) => (i: number, name: string) => {
  if (name === "x") return Math.sin(i * 12.9898) * 1.7;
  return i % 5 === 0 ? (i / 5) % images : Math.round(Math.sin(i * 78.233) * 30 + 20) / 2;
};

test.each([11, 13, 18, 22])("regions are averaged in opset %d, of batches of any size", async (opset) => {
  const more = [{ x: [3, 18, 6, 7] }];
  expect(await exportError(net(3, 0.25), { opset, draw: draw(2), more, batch: "dynamic" })).toBeLessThan(1e-6);
});

test.each([
  [1, 1, 2],
  [7, 0.0625, 1],
  [2, 0.5, 3],
  [3, 0.3, 1],
])("%d bins on a side at scale %d, %d images", async (group, scale, images) => {
  const text = net(group, scale, images, [40, 5, 1, 1]);
  expect(await exportError(text, { draw: draw(images), batch: images })).toBeLessThan(1e-6);
});
