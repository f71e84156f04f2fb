import { expect, test } from "vitest";
import { exportError, exported } from "../../../test/onnx/exported.js";

const input = (name: string, ...shape: number[]) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${shape.map((size) => `dim: ${size}`).join(" ")} } } }\n`;
const net = (channels: number, param: string, images = 2) =>
  `${input("a", images, 2 * channels, 3, 4)}${input("b", images, 2 * channels, 2, 2)}
  layer { name: "found" type: "Yolov3DetectionOutput" bottom: "a" bottom: "b" top: "found" yolov3_detection_output_param {
    num_box: 2 mask: 0 mask: 1 mask: 2 mask: 0 anchors_scale: 8 anchors_scale: 16
    biases: 10 biases: 14 biases: 23 biases: 27 biases: 17 biases: 28 ${param} } }\n`;
const batches = (channels: number) => [1, 3].map((n) => ({ a: [n, 2 * channels, 3, 4], b: [n, 2 * channels, 2, 2] }));
const draw = (i: number, name: string) => Math.sin((i + name.length) * 12.9898) * 2;
const three = "num_classes: 3 confidence_threshold: 0.2";

test.each([11, 13, 18, 22])("the rows are the fork's, in its order, in opset %d", async (opset) => {
  const text = net(8, three);
  expect(await exportError(text, { opset, draw, more: batches(8), batch: "dynamic" })).toBeLessThan(1e-5);
});

test.each([
  [8, "num_classes: 3 confidence_threshold: 0.2 nms_threshold: 0.2"],
  [6, "num_classes: 1 nms_threshold: 1.5"],
  [12, "num_classes: 3 confidence_threshold: 0.1 gaussian_box: true"],
])("%d channels: %s", async (channels, param) => {
  expect(await exportError(net(channels, param), { draw, more: batches(channels) })).toBeLessThan(1e-5);
});

test("nothing found is a row of −1 for each image", async () => {
  const text = net(8, "num_classes: 3 confidence_threshold: 0.999");
  expect(await exportError(text, { draw, more: batches(8) })).toBe(0);
  expect(await exportError(text, { draw, batch: 3 })).toBe(0);
});

test("what ONNX does otherwise is refused", async () => {
  await expect(exported(net(8, `${three} nms_threshold: 0`))).rejects.toThrow(/nms_threshold 0 leaves one box alone/);
  await expect(exported(net(8, `${three} biases: -1`).replace("biases: 10", "biases: 0"))).rejects.toThrow(/no area/);
  await expect(exported(net(12, "num_classes: 3 confidence_threshold: -0.1 gaussian_box: true"))).rejects.toThrow(
    /below 0/,
  );
});
