// Numbers: numpy, double precision, the fork's loops written again from its formulas (loss, Σ g·cos(0.9·i), Σ |g| of the gradient g).
// No gradient: what training takes for it is no derivative of the printed loss; its numbers are compared below.
import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { buildError, layerNet } from "../../../test/layers.js";

const anchors = [10, 14, 23, 27, 37, 58, 81, 82, 45, 40].map((size) => `biases: ${size}`).join(" ");
const fields = `num_class: 2 num: 2 ${anchors}`;
const layer = (param: string) =>
  `layer { name: "layer" type: "Yolov3" bottom: "x" bottom: "y" top: "loss" yolov3_param { ${param} } }`;
const force = { header: "force_backward: true" };

const shape = [2, 14, 3, 4];
const wave = (count: number) => Array.from({ length: count }, (_, i) => 1.3 * Math.sin(i * 1.7 + 0.3));
/** Class, x, y, w, h; four rows for each image. What follows a row of zeros is not read. */
const none = [0, 0, 0, 0, 0];
const truth = [
  [1, 0.42, 0.3, 0.3, 0.5],
  [0, 0.45, 0.4, 0.35, 0.45],
  [1, 0.9, 0.77, 0.1, 0.12],
  none,
  [0, 0.1, 0.85, 0.7, 0.65],
  none,
  [1, 0.5, 0.5, 0.4, 0.4],
  none,
].flat();

async function lossOf(param: string, labels: readonly number[], labelShape = [2, 1, 4, 5], more = "") {
  const net = await layerNet(
    layer(`${fields} ${param}`).replace(/}$/, `${more} }`),
    { x: shape, y: labelShape },
    force,
  );
  try {
    await net.forward({ x: wave(336), y: labels });
    await net.backward();
    const g = [...(net.blobs.get("x")?.diff ?? [])];
    const sums = [g.reduce((sum, v, i) => sum + v * Math.cos(0.9 * i), 0), g.reduce((sum, v) => sum + Math.abs(v), 0)];
    return { loss: net.loss, sums, g };
  } finally {
    await net.dispose();
  }
}

test.each([
  ["mask: 4 mask: 3", 211.0904992, 0.171029, 40.0196853],
  ["mask: 2 mask: 4 thresh: 0.1 iou_thresh: 0.2", 499.8386427, -3.8447523, 69.8321254],
  [
    "mask: 4 mask: 3 iou_thresh: 1 label_smooth_eps: 0 class_scale: 2 coord_scale: 1",
    13.822912,
    -0.5190696,
    15.9366884,
  ],
  ["mask: 4 mask: 3 use_logic_gradient: true object_scale: 5", 213.8255525, 1.8291089, 26.5273193],
  ["mask: 4 mask: 3 use_focal_loss: true", 210.8518288, 0.0331128, 39.7229059],
  ["mask: 4 mask: 3 iou_loss: IOU", 6.6767208, 0.3499343, 12.513339],
  ["mask: 4 mask: 3 iou_loss: GIOU iou_thresh: 0.2 iou_normalizer: 1", 8.3553969, -3.394031, 27.7116479],
  ["mask: 4 mask: 3 iou_loss: DIOU iou_thresh: 0.3 accumulate: false", 7.8540544, -1.1761331, 14.8472744],
  ["mask: 4 mask: 3 iou_loss: CIOU iou_normalizer: 2 max_delta: 1 iou_thresh: 0.1", 8.7738347, -1.966954, 23.4858037],
] as const)("with %s", async (param, loss, wavy, total) => {
  const computed = await lossOf(param, truth);
  expect(Math.abs(computed.loss / loss - 1)).toBeLessThan(1e-5);
  expect(Math.abs((computed.sums[0] ?? 0) - wavy) / total).toBeLessThan(1e-5);
  expect(Math.abs((computed.sums[1] ?? 0) / total - 1)).toBeLessThan(1e-5);
});

const mask = "mask: 4 mask: 3";

test("takes labels of SSD's form: corners, and classes from 1", async () => {
  const rows = [
    [0, 2, 0, 0.27, 0.05, 0.57, 0.55, 0],
    [1, 1, 0, -0.25, 0.525, 0.45, 1.175, 0],
    [-1, 0, 0, 0, 0, 0, 0, 0],
    [0, 1, 0, 0.275, 0.175, 0.625, 0.625, 1],
    [0, 2, 0, 0.85, 0.71, 0.95, 0.83, 0],
  ];
  const { g } = await lossOf(mask, rows.flat(), [1, 1, 5, 8]);
  const same = await lossOf(mask, truth);
  g.forEach((value, i) => void expect(value).toBeCloseTo(same.g[i] ?? Number.NaN, 4));
});

test("without a true box it is the mean square of the objectness", async () => {
  const { loss, g } = await lossOf(mask, Array<number>(40).fill(0));
  const objectness = wave(336).map((x, i) => (Math.trunc(i / 12) % 7 === 4 ? 1 / (1 + Math.exp(-x)) : 0));
  expect(loss).toBeCloseTo(objectness.reduce((sum, s) => sum + s * s, 0) / 2, 5);
  g.forEach((value, i) => void expect(value).toBeCloseTo((objectness[i] ?? 0) / 2, 6));
});

test("a centre on the image's edge is in the last cell", async () => {
  const edge = [1, 1, 1, 0.5, 0.5, ...Array<number>(35).fill(0)];
  const { g } = await lossOf("mask: 4 mask: 3 iou_thresh: 1", edge);
  const boxes = [...g.keys()].filter((i) => Math.trunc(i / 12) % 7 < 4 && g[i] !== 0);
  expect(boxes.map((i) => i % 12)).toEqual([11, 11, 11, 11]);
});

describe("errors", () => {
  const inputs = { x: shape, y: [2, 1, 4, 5] };

  test("fields and shapes", async () => {
    expect(await buildError(layer(`${fields} mask: 4`), inputs)).toMatch(/mask must name 2 of the 5 anchors.*\[4\]$/);
    expect(await buildError(layer(`${fields} mask: 4 mask: 5`), inputs)).toMatch(/it is \[4, 5\]$/);
    expect(await buildError(layer(`${fields} ${mask} anchors_scale: 0`), inputs)).toMatch(/anchors_scale must be 1/);
    expect(await buildError(layer(`${fields} ${mask}`), { ...inputs, x: [2, 15, 3, 4] })).toMatch(/\(N, 14, H, W\)/);
    expect(await buildError(layer(`${fields} ${mask}`), { ...inputs, y: [2, 1, 4, 4] })).toMatch(/labels must be/);
  });

  test.each([
    [[2, 0.5, 0.5, 0.1, 0.1], /one of 2 classes, 0 to 1; row 0 of image 0 has 2$/],
    [[-1, 0.5, 0.5, 0.1, 0.1], /one of 2 classes/],
    [[0, 1.2, 0.5, 0.1, 0.1], /must have its centre in the image/],
    [[0, 0.5, -0.1, 0.1, 0.1], /must have its centre in the image/],
    [[0, 0.5, 0.5, 0.1, 0], /a size above 0; row 0 of image 0 has centre \(0\.5, 0\.5\)/],
    [[0, 0.5, 0.5, Number.POSITIVE_INFINITY, 1], /a size above 0/],
    [[0, 0.5, Number.NaN, 1, 1], /must have its centre/],
  ])("the true box %j", async (row, message) => {
    await expect(lossOf(mask, [...row, ...Array<number>(35).fill(0)])).rejects.toThrow(message);
  });

  test("a true box of an image that there is not", async () => {
    const row = [2, 1, 0, 0.1, 0.1, 0.2, 0.2, 0];
    await expect(lossOf(mask, row, [1, 1, 1, 8])).rejects.toThrow(
      /row 0 of the labels is of image 2; the batch has 2$/,
    );
  });
});

testContract("Yolov3", {
  inputs: { a: [2, 14, 2, 3], label: [2, 0] },
  param: `yolov3_param { ${fields} ${mask} use_logic_gradient: true }`,
});
