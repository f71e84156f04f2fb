import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param: string) =>
  `layer { name: "layer" type: "ROIPooling" bottom: "x" bottom: "rois" top: "y" roi_pooling_param { ${param} } }`;
const two = layer("pooled_h: 2 pooled_w: 2");
/** 0 … 15 in rows of 4. */
const x = { shape: [1, 1, 4, 4], data: Array.from({ length: 16 }, (_, i) => i) };
const rois = (...data: readonly (readonly number[])[]) => ({ shape: [data.length, 5], data: data.flat() });
const pooled = async (text: string, given: ReturnType<typeof rois>) => (await runLayer(text, { x, rois: given })).y;

test("takes the largest value in each bin, and bins may overlap", async () => {
  expect(await pooled(two, rois([0, 0, 0, 3, 3], [0, 1, 1, 3, 3], [0, 2, 1, 2, 1]))).toEqual({
    shape: [3, 1, 2, 2],
    data: [5, 7, 13, 15, 10, 11, 14, 15, 6, 6, 6, 6],
  });
});

test("scales and rounds the coordinates, half away from zero", async () => {
  const half = layer("pooled_h: 1 pooled_w: 1 spatial_scale: 0.5");
  expect((await pooled(half, rois([0, 1, 1, 1, 1], [0, -1, 3, -1, 3], [0, 0, 0, 4, 4]))).data).toEqual([5, 0, 10]);
});

test("a bin outside of the image is 0, and a region that ends before it starts is one place", async () => {
  const one = layer("pooled_h: 1 pooled_w: 1");
  expect((await pooled(one, rois([0, 9, 9, 12, 12], [0, 2, 2, 0, 0]))).data).toEqual([0, 10]);
  const net = await layerNet(one, { x: x.shape, rois: [2, 5] }, { header: "force_backward: true" });
  await net.forward({ x: x.data, rois: [0, 2, 2, 0, 0, 0, 1, 1, 1, 1] });
  net.blobs.get("y")?.diff.set([3, 4]);
  await net.backward();
  expect([...(net.blobs.get("x")?.diff ?? [])].map((value, i) => [i, value]).filter(([, d]) => d)).toEqual([[5, 4]]);
  await net.dispose();
});

test("there may be no regions", async () => {
  const net = await layerNet(two, { x: x.shape, rois: [0, 5] }, { header: "force_backward: true" });
  expect((await net.forward({ x: x.data })).y).toHaveLength(0);
  await net.backward();
  expect([...(net.blobs.get("x")?.diff ?? [1])].every((value) => value === 0)).toBe(true);
  await net.dispose();
});

test("regions that learn get the gradient 0", async () => {
  const up = 'layer { name: "up" type: "Bias" bottom: "raw" top: "rois" bias_param { axis: 0 num_axes: 0 } }';
  const loss = 'layer { name: "loss" type: "Reduction" bottom: "y" top: "loss" loss_weight: 1 }';
  const net = await layerNet(up + two + loss, { x: x.shape, raw: [1, 5] });
  await net.forward({ x: x.data, raw: [0, 0, 0, 3, 3] });
  await net.backward();
  expect([...(net.blobs.get("rois")?.diff ?? [])]).toEqual([0, 0, 0, 0, 0]);
  await net.dispose();
});

test("errors", async () => {
  await expect(pooled(two, rois([1, 0, 0, 1, 1]))).rejects.toThrow(
    'region 0 of "rois" has image 1; there are 1 images',
  );
  await expect(pooled(two, rois([-1, 0, 0, 1, 1]))).rejects.toThrow("has image -1");
  await expect(pooled(two, rois([Number.NaN, 0, 0, 1, 1]))).rejects.toThrow("has image NaN");
  await expect(pooled(two, rois([0, 0, 0, 1, 1], [0, 0, Number.NaN, 1, 1]))).rejects.toThrow(
    'region 1 of "rois" has a coordinate that is NaN',
  );
  expect(await buildError(layer("pooled_h: 2"), { x: x.shape, rois: [1, 5] })).toMatch(/needs pooled_h and pooled_w/);
  expect(await buildError(two, { x: x.shape, rois: [1, 4] })).toMatch(/must have 5 values each/);
  expect(await buildError(two, { x: [4, 4], rois: [1, 5] })).toMatch(/must be \(N, C, H, W\)/);
});

test("gradient", async () => {
  await checkGradients({
    layer: layer("pooled_h: 2 pooled_w: 3 spatial_scale: 0.5"),
    inputs: { x: [2, 2, 5, 6], rois: [3, 5] },
    values: { rois: [0, 1, 1, 9, 8, 1, 3, -2, 14, 5, 1, 0, 0, 11, 9] },
    check: ["x"],
  });
});

testContract("ROIPooling", {
  inputs: { x: [2, 3, 4, 4], label: [2, 5] },
  param: "roi_pooling_param { pooled_h: 2 pooled_w: 2 }",
});
