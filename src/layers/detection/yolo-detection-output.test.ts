// Numbers: numpy, double precision, the fork's loops written again from its formulas.
// No gradient: the fork has none.
import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { buildError, runLayer } from "../../../test/layers.js";

const fields = "num_classes: 2 num_box: 2 biases: 0.6 biases: 0.8 biases: 1.4 biases: 1.1";
const layer = (param: string, bottoms = 'bottom: "x"') =>
  `layer { name: "layer" type: "YoloDetectionOutput" ${bottoms} top: "y" yolo_detection_output_param { ${param} } }`;
const x = { shape: [1, 14, 3, 3], data: Array.from({ length: 126 }, (_, i) => 2.6 * Math.sin(i * 1.7 + 0.3)) };

test("decodes boxes, and leaves out those that overlap better ones", async () => {
  const { y } = await runLayer(layer(`${fields} confidence_threshold: 0.3 nms_threshold: 0.3`), { x });
  const rows = [
    [0, 2, 0.901898, 0.539899, 0.171959, 0.9277, 0.225511],
    [0, 2, 0.858718, -1.615702, 0.368381, 3.418093, 0.395617],
    [0, 2, 0.857569, 0.491657, 0.180055, 0.925189, 0.319958],
    [0, 2, 0.790676, -0.020614, 0.853706, 0.082072, 1.035139],
    [0, 2, 0.703774, -0.376898, 0.354677, 2.257334, 0.376561],
    [0, 2, 0.654372, -0.036299, 0.702652, 0.084896, 1.225875],
    [0, 1, 0.555681, -0.473142, 0.001484, 1.749178, 0.044634],
    [0, 1, 0.468101, -0.539396, 0.626224, 2.493171, 0.760855],
    [0, 1, 0.312192, 0.61326, 0.603476, 1.337425, 0.804063],
  ];
  expect(y?.shape).toEqual([1, 1, rows.length, 7]);
  rows.flat().forEach((value, i) => void expect(y?.data[i]).toBeCloseTo(value, 5));
});

test("two maps with the same boxes give each once", async () => {
  const param = `${fields} confidence_threshold: 0.3 nms_threshold: 0.3`;
  const once = await runLayer(layer(param), { x });
  const twice = await runLayer(layer(param, 'bottom: "x" bottom: "z"'), { x, z: x });
  expect(twice.y).toEqual(once.y);
});

test("finds nothing: a row for each image", async () => {
  const zeros = { shape: [2, 14, 1, 1], data: Array<number>(28).fill(0) };
  const { y } = await runLayer(layer(`${fields} confidence_threshold: 0.26`), { x: zeros });
  expect(y).toEqual({ shape: [1, 1, 2, 7], data: [0, -1, -1, -1, -1, -1, -1, 1, -1, -1, -1, -1, -1, -1] });
  const all = await runLayer(layer(`${fields} confidence_threshold: 0.25 nms_threshold: 2`), { x: zeros });
  expect(all.y?.shape).toEqual([1, 1, 4, 7]);
});

test("NaN is no detection", async () => {
  const { y } = await runLayer(layer(fields), {
    x: { shape: [1, 14, 1, 1], data: Array<number>(14).fill(Number.NaN) },
  });
  expect(y?.data).toEqual([0, -1, -1, -1, -1, -1, -1]);
});

describe("errors", () => {
  test("fields and shapes", async () => {
    expect(await buildError(layer("num_box: 2"), { x: x.shape })).toMatch(/num_classes must be given/);
    expect(await buildError(layer("num_classes: 2 num_box: 2"), { x: x.shape })).toMatch(/num_box 2 anchors; it has 0/);
    expect(await buildError(layer(fields), { x: [1, 14, 3, 4] })).toMatch(/must be square; it is 3 by 4$/);
    expect(await buildError(layer(fields), { x: [1, 13, 3, 3] })).toMatch(/must be \(N, 14, H, W\).*\(1, 13, 3, 3\)$/);
  });
});

testContract("YoloDetectionOutput", {
  inputs: { a: [2, 14, 2, 2] },
  param: `yolo_detection_output_param { ${fields} confidence_threshold: 0.3 }`,
});
