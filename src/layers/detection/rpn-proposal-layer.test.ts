// No gradient: regions and targets are drawn and chosen.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { buildError, layerNet } from "../../../test/layers.js";

const layer = (param: string, tops = 'top: "rois" top: "scores"') =>
  `layer { name: "layer" type: "Python" bottom: "prob" bottom: "deltas" bottom: "info" ${tops} python_param {
     module: "rpn.proposal_layer" layer: "ProposalLayer" param_str: "${param}" } }`;
const one = layer("{'feat_stride': 16, 'scales': [1], 'ratios': [1]}");
const shapes = { prob: [1, 2, 1, 2], deltas: [1, 4, 1, 2], info: [1, 3] };
const run = async (given: { prob: number[]; deltas: number[]; info: number[] }, cfg = {}) => {
  const net = await layerNet(one, shapes, { phase: "TEST", cfg });
  const { rois, scores } = await net.forward(given);
  const shape = net.blobs.get("rois")?.shape;
  await net.dispose();
  return { rois: [...(rois ?? [])], scores: [...(scores ?? [])], shape };
};
const still = [0, 0, 0, 0, 0, 0, 0, 0];

test("the anchors of each place, the best first, cut to the image", async () => {
  expect(await run({ prob: [0.9, 0.1, 0.25, 0.75], deltas: still, info: [12, 64, 0.5] })).toEqual({
    rois: [0, 16, 0, 32, 11, 0, 0, 0, 16, 11],
    scores: [0.75, 0.25],
    shape: [2, 5],
  });
});

test("deltas move centers by parts of a side, and multiply sides", async () => {
  const deltas = [0.5, 0, 0, 0, 0, Math.log(2), 0, 0];
  const { rois } = await run({ prob: [0, 0, 1, 0.5], deltas, info: [64, 64, 1] });
  const expected = [0, 8, 0, 24, 16, 0, 8, 0, 40, 16];
  rois.forEach((value, i) => void expect(value).toBeCloseTo(expected[i] ?? 0, 5));
});

test("settings of cfg: small boxes, the best before and after, the overlap", async () => {
  const given = { prob: [0, 0, 0.5, 0.75], deltas: [-0.25, -0.25, 0, 0, 0, 0, 0, 0], info: [64, 64, 2] };
  expect((await run(given)).shape).toEqual([0, 5]);
  const cfg = (settings: object) => ({ TEST: { RPN_MIN_SIZE: 1, ...settings } });
  expect((await run(given, cfg({}))).scores).toEqual([0.75, 0.5]);
  expect((await run(given, cfg({ RPN_PRE_NMS_TOP_N: 1 }))).scores).toEqual([0.75]);
  expect((await run(given, cfg({ RPN_POST_NMS_TOP_N: 1 }))).scores).toEqual([0.75]);
  const near = { ...given, deltas: [1, 0, 0, 0, 0, 0, 0, 0] };
  expect((await run(near, cfg({}))).scores).toEqual([0.75]);
  expect((await run(near, cfg({ RPN_NMS_THRESH: 1 }))).scores).toEqual([0.75, 0.5]);
});

test("boxes that are no number are left out, and no region may stay", async () => {
  const nan = Array(8).fill(Number.NaN);
  expect(await run({ prob: [0, 0, Number.NaN, 1], deltas: nan, info: [64, 64, 1] })).toEqual({
    rois: [],
    scores: [],
    shape: [0, 5],
  });
});

test("a gradient that is asked for is 0", async () => {
  const up = 'layer { name: "up" type: "Bias" bottom: "raw" top: "deltas" bias_param { axis: 0 num_axes: 0 } }';
  const loss = 'layer { name: "loss" type: "Reduction" bottom: "rois" top: "loss" loss_weight: 1 }';
  const text = up + layer("{'feat_stride': 16, 'scales': [1], 'ratios': [1]}", 'top: "rois"') + loss;
  const net = await layerNet(text, { prob: shapes.prob, raw: shapes.deltas, info: shapes.info });
  await net.forward({ prob: [0, 0, 1, 1], raw: still, info: [64, 64, 1] });
  await net.backward();
  expect([...(net.blobs.get("deltas")?.diff ?? [])]).toEqual(still);
  await net.dispose();
});

test("errors", async () => {
  const fails = (text: string, given: object = {}) => buildError(text, { ...shapes, ...given });
  expect(await fails(layer(""))).toMatch(/param_str must give feat_stride, a number of at least 1, not null/);
  expect(await fails(layer("'feat_stride': [1"))).toMatch(/param_str, line 1: a bracket is not closed/);
  expect(await fails(layer("just text"))).toMatch(/must give values by name/);
  expect(await fails(layer("'feat_stride': 16, 'scale': 1"))).toMatch(/param_str/);
  expect(await fails(layer("{'feat_stride': 16, 'scale': 1}"))).toMatch(
    /gives "scale"; this layer knows feat_stride, scales, ratios/,
  );
  expect(await fails(layer("{'feat_stride': 16, 'scales': 8}"))).toMatch(/scales must be a list of numbers/);
  expect(await fails(layer("'feat_stride': 16"))).toMatch(/its scores must be \(1, 18, H, W\) for 9 anchors/);
  expect(await fails(one, { deltas: [1, 4, 2, 1] })).toMatch(/its deltas must be \(1, 4, 1, 2\)/);
  expect(await fails(one, { info: [1, 2] })).toMatch(/im_info, its third bottom/);
  const building = (cfg: Record<string, unknown>) => layerNet(one, shapes, { cfg });
  await expect(building({ TEST: { RPN_MIN: 1 } })).rejects.toThrow(
    "cfg.TEST.RPN_MIN is no setting of py-faster-rcnn's",
  );
  await expect(building({ TEST: { RPN_MIN_SIZE: "1" } })).rejects.toThrow(
    'cfg.TEST.RPN_MIN_SIZE must be a number, not "1"',
  );
  await expect(building({ TEST: 1 })).rejects.toThrow("cfg.TEST must be settings by name");
  await expect(building({ PIXEL_MEANS: [1] })).rejects.toThrow("cfg.PIXEL_MEANS must be a list of 3 numbers");
  await expect(building({ TRAIN: { HAS_RPN: 1 } })).rejects.toThrow("cfg.TRAIN.HAS_RPN must be true or false");
});

testContract("rpn.proposal_layer.ProposalLayer", {
  resizes: false,
  inputs: { prob: [1, 2, 3, 3], deltas: [1, 4, 3, 3], info: [1, 3] },
  param: `python_param { module: "rpn.proposal_layer" layer: "ProposalLayer"
    param_str: "{'feat_stride': 16, 'scales': [1], 'ratios': [1]}" }`,
});
