import { expect, test } from "vitest";
import { exportError, exported } from "../../../test/onnx/exported.js";

const input = (name: string, side: number) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { dim: 2 dim: 16 dim: ${side} dim: ${side} } } }\n`;
const net = (param = "", bottoms = ["a", "b"]) =>
  `${bottoms.map((name, i) => input(name, 4 - i)).join("")}
  layer { name: "found" type: "YoloDetectionOutput" ${bottoms.map((name) => `bottom: "${name}"`).join(" ")} top: "found"
    yolo_detection_output_param { num_classes: 3 num_box: 2 biases: 1 biases: 1.5 biases: 2 biases: 0.7 ${param} } }\n`;
const more = [1, 3].map((n) => ({ a: [n, 16, 4, 4], b: [n, 16, 3, 3] }));

test.each([11, 13, 18, 22])("the rows are the fork's, in its order, in opset %d", async (opset) => {
  expect(await exportError(net("confidence_threshold: 0.3"), { opset, more, batch: "dynamic" })).toBeLessThan(1e-5);
});

test("one map; classes of equal scores; a threshold that a score reaches", async () => {
  expect(await exportError(net("nms_threshold: 0.3", ["a"]))).toBeLessThan(1e-5);
  // Two classes of score 2, one of −2: σ(2)·½, about.
  const levels = (i: number) => (i % 16 < 8 ? 2 : -2);
  expect(await exportError(net(), { draw: levels })).toBeLessThan(1e-5);
  // σ(0)·(1/3) is the threshold.
  expect(await exportError(net("confidence_threshold: 0.16666667", ["a"]), { draw: () => 0 })).toBeLessThan(1e-5);
});

test("nothing found is a row of −1 for each image", async () => {
  expect(await exportError(net("confidence_threshold: 0.99"), { more })).toBe(0);
});

test("what ONNX does otherwise is refused", async () => {
  await expect(exported(net("nms_threshold: 0"))).rejects.toThrow(/nms_threshold 0 leaves one box alone/);
  await expect(exported(net().replace("biases: 1.5", "biases: 0"))).rejects.toThrow(/an anchor has no area/);
});
