import { expect, test } from "vitest";
import { exportError, exported, runOnnx } from "../../../test/onnx/exported.js";

const priors = 12;
const input = (name: string, ...shape: number[]) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${shape.map((size) => `dim: ${size}`).join(" ")} } } }\n`;
const net = (param: string, own = false, images = 2, classes = 4) =>
  input("loc", images, priors * 4 * (own ? classes : 1)) +
  input("conf", images, priors * classes) +
  input("priors", 1, 2, priors * 4) +
  `layer { name: "found" type: "DetectionOutput" bottom: "loc" bottom: "conf" bottom: "priors" top: "found"
    detection_output_param { num_classes: ${classes} ${own ? "share_location: false" : ""} ${param} } }\n`;
const batches = [1, 3].map((images) => ({ loc: [images, priors * 4], conf: [images, priors * 4] }));

/** Boxes that overlap much, and scores of which many are equal. */
function draw(i: number, name: string): number {
  const wave = Math.sin(i * 12.9898) * 43758.5453;
  const random = wave - Math.floor(wave);
  if (name === "conf") return Math.floor(random * 8) / 8;
  if (name === "loc") return 2 * random - 1;
  if (i >= 4 * priors) return 0.1 + 0.1 * Math.floor((i % 4) / 2);
  return 0.05 * (Math.floor(i / 4) % 5) + (i % 4 > 1 ? 0.5 : 0);
}
const center = "code_type: CENTER_SIZE";

test.each([11, 13, 18, 22])("the rows are Caffe's, in Caffe's order, in opset %d", async (opset) => {
  const text = net(`${center} nms_param { nms_threshold: 0.45 top_k: 7 } keep_top_k: 9 confidence_threshold: 0.2`);
  expect(await exportError(text, { opset, draw, more: batches, batch: "dynamic" })).toBeLessThan(1e-5);
});

test.each([
  ["no limits", "nms_param { nms_threshold: 0.6 }"],
  ["corners, some of which are turned round", "code_type: CORNER nms_param { nms_threshold: 0.3 top_k: 6 }"],
  ["corners in units of the prior", "code_type: CORNER_SIZE keep_top_k: 3"],
  ["variances in the target", `${center} variance_encoded_in_target: true`],
  ["a background in the middle", `${center} background_label_id: 2 keep_top_k: 8`],
  ["the last as background", `${center} background_label_id: 3`],
  ["a limit that nothing reaches", `${center} nms_param { top_k: 99 } keep_top_k: 99`],
  ["limits of 0", `${center} keep_top_k: 0`],
  ["limits of 0 before suppression", `${center} nms_param { top_k: 0 }`],
  ["thresholds of 0 and above 1", `${center} nms_param { nms_threshold: 0 }`],
  ["a threshold above 1", `${center} nms_param { nms_threshold: 1.5 }`],
  ["an eta without effect", `${center} nms_param { nms_threshold: 0.5 eta: 0.5 }`],
])("%s", async (_, param) => {
  expect(await exportError(net(param), { draw, more: batches })).toBeLessThan(1e-5);
});

test.each([
  "",
  "background_label_id: 1 keep_top_k: 5",
  "background_label_id: -1 nms_param { nms_threshold: 0.2 top_k: 4 }",
])("boxes of each class %s", async (param) => {
  const more = [{ loc: [3, priors * 16], conf: [3, priors * 4] }];
  expect(await exportError(net(param, true), { draw, more })).toBeLessThan(1e-5);
  expect(await exportError(net(`${center} ${param}`, true), { draw, batch: 2 })).toBeLessThan(1e-5);
});

test("nothing found is a row of −1 for each image, as in Caffe", async () => {
  const none = (i: number, name: string) => (name === "conf" ? 0 : draw(i, name));
  const text = net(`${center} confidence_threshold: 0.5 keep_top_k: 4 nms_param { top_k: 3 }`);
  expect(await exportError(text, { draw: none, more: batches })).toBe(0);
  expect(await exportError(text, { draw: none, batch: 3 })).toBe(0);
  for (const own of [false, true]) {
    expect(await exportError(net("background_label_id: 0", own, 2, 1), { draw, batch: 2 })).toBe(0);
  }
  const values = (shape: number[], name: string) => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => none(i, name)),
  });
  const { bytes, exported: made } = await exported(text);
  expect(made.outputs).toEqual({ found: [1, 1, "found.count", 7] });
  const { found } = await runOnnx(bytes, {
    loc: values([2, 48], "loc"),
    conf: values([2, 48], "conf"),
    priors: values([1, 2, 48], "priors"),
  });
  expect([...found.data]).toEqual([0, -1, -1, -1, -1, -1, -1, 1, -1, -1, -1, -1, -1, -1]);
});

test("a threshold that shrinks is refused, with the way out", async () => {
  await expect(exported(net(`${center} nms_param { nms_threshold: 0.8 eta: 0.9 }`))).rejects.toThrow(
    /layer "found" \(DetectionOutput\): it cannot be written as ONNX: nms_param.eta below 1 .*--cut found/,
  );
});
