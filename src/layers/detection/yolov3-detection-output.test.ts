// Numbers: by hand; those of the fork itself are in test/golden/forks/Yolov3DetectionOutput.
// No gradient: the fork has none.
import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { buildError, runLayer } from "../../../test/layers.js";

const fields = "num_classes: 1 num_box: 1 biases: 16 biases: 8 mask: 0 anchors_scale: 32 mask_group_num: 1";
const layer = (param: string, bottoms = 'bottom: "x"') =>
  `layer { name: "layer" type: "Yolov3DetectionOutput" ${bottoms} top: "y" yolov3_detection_output_param { ${param} } }`;
const map = (...data: number[]) => ({ shape: [1, data.length, 1, 1], data });

test("decodes a box", async () => {
  const { y } = await runLayer(layer(fields), { x: map(0, 0, 0, Math.log(2), 0, 0) });
  expect(y).toEqual({ shape: [1, 1, 1, 7], data: [0, 1, 0.25, 0.25, 0.25, 0.75, 0.75] });
});

test("finds nothing: a row for each image", async () => {
  const { y } = await runLayer(layer(`${fields} confidence_threshold: 0.25`), { x: map(0, 0, 0, 0, 0, 0) });
  expect(y).toEqual({ shape: [1, 1, 1, 7], data: [0, -1, -1, -1, -1, -1, -1] });
  const broken = await runLayer(layer(fields), { x: map(0, 0, 0, 0, Number.NaN, 0) });
  expect(broken.y?.data[1]).toBe(-1);
});

test("with gaussian_box multiplies by certainty", async () => {
  const box = [0, 0, 0, 0, 0, 0, Math.log(2), 0, 0, 0];
  const { y } = await runLayer(layer(`${fields} gaussian_box: true`), { x: map(...box) });
  expect(y?.data).toEqual([0, 1, Math.fround((0.25 * (4 - 2.5)) / 4), 0.25, 0.25, 0.75, 0.75]);
});

describe("errors", () => {
  test("fields and shapes", async () => {
    const x = [1, 6, 1, 1];
    const without = (field: string) => fields.replace(field, "");
    expect(await buildError(layer(without("num_classes: 1")), { x })).toMatch(/num_classes must be given$/);
    expect(await buildError(layer(without("mask_group_num: 1")), { x })).toMatch(/mask_group_num is 2, but it has 1$/);
    expect(await buildError(layer(without("mask: 0")), { x })).toMatch(/mask names 0 anchors.*need 1$/);
    expect(await buildError(layer(fields.replace("mask: 0", "mask: 1")), { x })).toMatch(/mask names anchor 1/);
    expect(await buildError(layer(without("anchors_scale: 32")), { x })).toMatch(/anchors_scale must give a stride/);
    expect(await buildError(layer(fields), { x: [1, 7, 1, 1] })).toMatch(/must be \(N, 6, H, W\)/);
  });
});

testContract("Yolov3DetectionOutput", {
  inputs: { a: [2, 6, 2, 2] },
  param: `yolov3_detection_output_param { ${fields} confidence_threshold: 0.3 }`,
});
