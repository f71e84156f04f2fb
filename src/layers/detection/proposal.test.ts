// No gradient: regions are chosen.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { buildError, layerNet } from "../../../test/layers.js";

const layer = (param: string, tops = 'top: "rois" top: "scores"') =>
  `layer { name: "layer" type: "Proposal" bottom: "prob" bottom: "deltas" bottom: "info" ${tops} proposal_param { ${param} } }`;
const one = (param = "") => layer(`ratio: 1 scale: 16 min_size: 8 ${param}`);
const shapes = { prob: [1, 2, 1, 2], deltas: [1, 4, 1, 2], info: [1, 4] };
const still = [0, 0, 0, 0, 0, 0, 0, 0];
const run = async (text: string, given: { prob: number[]; deltas: number[]; info: number[] }) => {
  const images = given.prob.length / 4;
  const net = await layerNet(
    text,
    { prob: [images, 2, 1, 2], deltas: [images, 4, 1, 2], info: [1, 4] },
    { phase: "TEST" },
  );
  const { rois = [], scores = [] } = await net.forward(given);
  const result = { rois: [...rois], scores: [...scores] };
  expect(net.blobs.get("rois")?.shape).toEqual([scores.length, 5]);
  await net.dispose();
  return result;
};

test("the anchors of each place, the best first, cut to the image", async () => {
  expect(await run(one(), { prob: [0.9, 0.1, 0.25, 0.75], deltas: still, info: [12, 64, 1, 1] })).toEqual({
    rois: [0, 16, 0, 32, 11, 0, 0, 0, 16, 11],
    scores: [0.75, 0.25],
  });
});

test("small boxes stay with score 0, boxes that are no number are 0 too", async () => {
  const given = { prob: [0, 0, 0.25, 0.75], deltas: still, info: [64, 64, 3, 1] };
  expect((await run(one(), given)).scores).toEqual([0, 0]);
  const deltas = [Number.NaN, 0, Number.NaN, 0, 0, 0, 0, 0];
  expect(await run(one(), { ...given, deltas, info: [64, 64, 1, 1] })).toEqual({
    rois: [0, 16, 0, 32, 16, 0, 0, 0, 0, 0],
    scores: [0.75, 0],
  });
});

test("several images, and how many of each", async () => {
  const prob = [0, 0, 0.5, 0.25, 0, 0, 0.125, 1];
  const given = { prob, deltas: [...still, ...still], info: [64, 64, 1, 1] };
  expect((await run(one(), given)).rois.filter((_, i) => i % 5 === 0)).toEqual([0, 0, 1, 1]);
  expect((await run(one("post_nms_topn: 1"), given)).scores).toEqual([0.5, 1]);
  expect((await run(one("pre_nms_topn: 1"), given)).scores).toEqual([0.5, 1]);
  expect((await run(one("pre_nms_topn: 0"), given)).scores).toEqual([]);
  const near = { ...given, deltas: [1, 0, 0, 0, 0, 0, 0, 0, ...still] };
  expect((await run(one(), near)).scores).toEqual([0.5, 1, 0.125]);
  expect((await run(one("nms_thresh: 1"), near)).scores).toEqual([0.5, 0.25, 1, 0.125]);
});

test("many equal scores", async () => {
  const size = { prob: [1, 2, 60, 70], deltas: [1, 4, 60, 70], info: [1, 4] };
  const net = await layerNet(one("nms_thresh: 0.01 post_nms_topn: 50"), size, { phase: "TEST" });
  expect((await net.forward({ info: [960, 1120, 1, 1] })).scores).toHaveLength(50);
  await net.dispose();
});

test("a gradient that is asked for is 0", async () => {
  const up = 'layer { name: "up" type: "Bias" bottom: "raw" top: "deltas" bias_param { axis: 0 num_axes: 0 } }';
  const loss = 'layer { name: "loss" type: "Reduction" bottom: "rois" top: "loss" loss_weight: 1 }';
  const text = up + layer("ratio: 1 scale: 16", 'top: "rois"') + loss;
  const net = await layerNet(text, { prob: shapes.prob, raw: shapes.deltas, info: shapes.info });
  await net.forward({ prob: [0, 0, 1, 1], raw: still, info: [64, 64, 1, 1] });
  await net.backward();
  expect([...(net.blobs.get("deltas")?.diff ?? [])]).toEqual(still);
  await net.dispose();
});

test("errors", async () => {
  const fails = (text: string, given: object = {}) => buildError(text, { ...shapes, ...given });
  expect(await fails(layer("anchor_base_size: 16"))).toMatch(/must give ratio and scale; Synopsys's layer/);
  expect(await fails(layer("stride_h: 16 stride_w: 16 nms_iou_th: 0.5"))).toMatch(/is that of Vitis AI's Caffe/);
  expect(await fails(layer("ratio: 0 scale: 16"))).toMatch(/ratio and scale must be greater than 0/);
  expect(await fails(one("post_nms_topn: 0"))).toMatch(/post_nms_topn must be greater than 0/);
  expect(await fails(one(), { prob: [1, 4, 1, 2] })).toMatch(/its scores must be \(N, 2, H, W\) for 1 anchors/);
  expect(await fails(one(), { deltas: [1, 4, 2, 1] })).toMatch(/its deltas must be \(1, 4, 1, 2\)/);
  expect(await fails(one(), { info: [1, 3] })).toMatch(/im_info, its third bottom, must have 4 values/);
});

testContract("Proposal", {
  resizes: false,
  inputs: { prob: [1, 2, 3, 3], deltas: [1, 4, 3, 3], info: [1, 4] },
  param: "proposal_param { ratio: 1 scale: 16 }",
});
