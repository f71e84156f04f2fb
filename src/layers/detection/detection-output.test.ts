// Numbers: by hand; those of the fork itself are in test/golden/forks/DetectionOutput.
// No gradient: the fork has none.
import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { buildError, layerNet, runLayer, type Values } from "../../../test/layers.js";

const layer = (param: string, bottoms = 'bottom: "loc" bottom: "conf" bottom: "prior"') =>
  `layer { name: "layer" type: "DetectionOutput" ${bottoms} top: "y" detection_output_param { ${param} } }`;

/** Boxes as priors, each with variances of 1. */
const priors = (...boxes: readonly (readonly number[])[]): Values => ({
  shape: [1, 2, 4 * boxes.length],
  data: [...boxes.flat(), ...boxes.flatMap(() => [1, 1, 1, 1])],
});
const rows = (...data: readonly (readonly number[])[]): Values => ({
  shape: [data.length, data[0]?.length ?? 0],
  data: data.flat(),
});
const still = (count: number) => new Array<number>(4 * count).fill(0);
const left = [0, 0, 0.5, 1];
const wide = [0, 0, 0.75, 1];
const right = [0.75, 0, 1, 1];

/** The detections, row by row. */
async function detect(param: string, loc: Values, conf: Values, prior: Values): Promise<number[][]> {
  const { y } = await runLayer(layer(param), { loc, conf, prior });
  const { shape = [], data = [] } = y ?? {};
  expect([shape[0], shape[1], shape[3]]).toEqual([1, 1, 7]);
  return Array.from({ length: shape[2] ?? 0 }, (_, i) => data.slice(7 * i, 7 * i + 7));
}

describe("detections", () => {
  test("by label, then by score, of boxes that do not overlap better ones", async () => {
    const conf = rows([0.25, 0.75, 0.125, 0.5, 0.5, 0.25, 0, 0.25, 0.75]);
    const found = await detect("num_classes: 3", rows(still(3)), conf, priors(left, wide, right));
    expect(found).toEqual([
      [0, 1, 0.75, ...left],
      [0, 1, 0.25, ...right],
      [0, 2, 0.75, ...right],
      [0, 2, 0.25, ...wide],
    ]);
  });

  test("above the threshold, not at it, and never NaN", async () => {
    const conf = rows([0, 0.5, 0, Number.NaN, 0, 0.75]);
    const param = "num_classes: 2 confidence_threshold: 0.5";
    const found = await detect(param, rows(still(3)), conf, priors(left, left, right));
    expect(found).toEqual([[0, 1, 0.75, ...right]]);
  });

  test("top_k counts before suppression, keep_top_k after it, equal scores in their order", async () => {
    const conf = rows([0, 0.5, 0.5, 0, 0.5, 0, 0, 0.5, 0]);
    const run = (param: string) => detect(`num_classes: 3 ${param}`, rows(still(3)), conf, priors(left, wide, right));
    expect(await run("nms_param { top_k: 2 } confidence_threshold: 0.25")).toEqual([
      [0, 1, 0.5, ...left],
      [0, 2, 0.5, ...left],
    ]);
    expect(await run("keep_top_k: 2 confidence_threshold: 0.25")).toEqual([
      [0, 1, 0.5, ...left],
      [0, 1, 0.5, ...right],
    ]);
    expect(await run("keep_top_k: 0")).toEqual([[0, -1, -1, -1, -1, -1, -1]]);
  });

  test("decoded from each class's own locations, but for the background", async () => {
    const loc = rows([9, 9, 9, 9, 0.25, 0, 0.25, 0]);
    const param = "num_classes: 2 share_location: false";
    expect(await detect(param, loc, rows([0, 1]), priors(left))).toEqual([[0, 1, 1, 0.25, 0, 0.75, 1]]);
  });

  test("of all classes, without a background", async () => {
    const param = "num_classes: 1 background_label_id: -1";
    expect(await detect(param, rows(still(1)), rows([0.5]), priors(left))).toEqual([[0, 0, 0.5, ...left]]);
  });

  test("an image without any has no row, unless no image has", async () => {
    const param = "num_classes: 2 confidence_threshold: 0.5";
    const run = (a: number, b: number) => detect(param, rows(still(1), still(1)), rows([0, a], [0, b]), priors(left));
    expect(await run(0.25, 0.75)).toEqual([[1, 1, 0.75, ...left]]);
    expect(await run(0.25, 0.5)).toEqual([
      [0, -1, -1, -1, -1, -1, -1],
      [1, -1, -1, -1, -1, -1, -1],
    ]);
  });

  test("a prior without a side is an error where a side is a factor", async () => {
    const flat = priors([0.5, 0, 0.5, 1]);
    const run = (code: string) => detect(`num_classes: 2 code_type: ${code}`, rows(still(1)), rows([0, 1]), flat);
    expect(await run("CORNER")).toHaveLength(1);
    await expect(run("CENTER_SIZE")).rejects.toThrow(/prior 0 has a side of 0 or less: 0.5, 0, 0.5, 1/);
  });
});

test("what it ignores is in the log", async () => {
  const lines: string[] = [];
  const param = 'num_classes: 2 visualize: true save_output_param { output_directory: "found" }';
  const shapes = { loc: [1, 4], conf: [1, 2], prior: [1, 2, 4], data: [1, 3, 8, 8] };
  const bottoms = 'bottom: "loc" bottom: "conf" bottom: "prior" bottom: "data"';
  const log = (severity: string, _origin: string, message: string) => {
    if (severity === "warning") lines.push(message);
  };
  const net = await layerNet(layer(param, bottoms), shapes, { log });
  await net.dispose();
  expect(lines).toEqual([
    "layer ignores save_output_param: no files of detections are written",
    "layer ignores visualize: nothing is drawn",
  ]);
});

test.each([
  ["", /num_classes must be given/],
  ["num_classes: 0", /num_classes must be above 0/],
  ["num_classes: 2 nms_param { nms_threshold: -1 }", /nms_threshold must be at least 0; it is -1/],
  ["num_classes: 2 nms_param { eta: 1.5 }", /eta must be above 0 and at most 1; it is 1.5/],
  ["num_classes: 2 no_permute: true", /no_permute: a field of another fork than SSD/],
  ["num_classes: 2 nbottom: 2 scale_xywh: 1", /nbottom, detection_output_param.scale_xywh: fields of other forks/],
  ["num_classes: 3", /confidences must be \(1, 3\), for 1 priors and num_classes 3/],
  ["num_classes: 2 share_location: false", /locations must be \(1, 8\), for 1 priors and num_classes 2/],
])("%s is an error", async (param, message) => {
  expect(await buildError(layer(param), { loc: [1, 4], conf: [1, 2], prior: [1, 2, 4] })).toMatch(message);
});

test("priors of another shape are an error", async () => {
  const shapes = { loc: [1, 4], conf: [1, 2], prior: [1, 1, 4] };
  expect(await buildError(layer("num_classes: 2"), shapes)).toMatch(/priors must be \(1, 2, P·4\); they are/);
});

testContract("DetectionOutput", {
  inputs: { loc: [2, 8], conf: [2, 6], prior: [1, 2, 8] },
  param: "detection_output_param { num_classes: 3 }",
  resizes: false,
});
