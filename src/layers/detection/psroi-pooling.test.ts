import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param: string) =>
  `layer { name: "layer" type: "PSROIPooling" bottom: "x" bottom: "rois" top: "y" psroi_pooling_param { ${param} } }`;
const two = layer("spatial_scale: 1 output_dim: 1 group_size: 2");
/** Channel c is 100·c + 0 … 15 in rows of 4. */
const x = { shape: [1, 4, 4, 4], data: Array.from({ length: 64 }, (_, i) => 100 * (i >> 4) + (i % 16)) };
const rois = (...data: readonly (readonly number[])[]) => ({ shape: [data.length, 5], data: data.flat() });
const pooled = async (text: string, given: ReturnType<typeof rois>) => (await runLayer(text, { x, rois: given })).y;

test("averages each bin on its own channel", async () => {
  expect(await pooled(two, rois([0, 0, 0, 3, 3], [0, 1, 1, 1, 1]))).toEqual({
    shape: [2, 1, 2, 2],
    data: [2.5, 104.5, 210.5, 312.5, 5, 105, 205, 305],
  });
});

test("rounds the coordinates, then scales them", async () => {
  const half = layer("spatial_scale: 0.5 output_dim: 4 group_size: 1");
  // From 2 to (4 + 1) / 2: columns 1 and 2; rows 0 to 1.
  expect((await pooled(half, rois([0, 1.5, 0.4, 3.5, 2.6]))).data).toEqual([3.5, 103.5, 203.5, 303.5]);
});

test("a bin outside of the image is 0, and a region that ends before it starts is 0.1 places wide", async () => {
  const one = layer("spatial_scale: 1 output_dim: 4 group_size: 1");
  expect((await pooled(one, rois([0, 9, 9, 12, 12], [0, 2, 2, 0, 0]))).data).toEqual([0, 0, 0, 0, 10, 110, 210, 310]);
});

test("there may be no regions", async () => {
  const net = await layerNet(two, { x: x.shape, rois: [0, 5] }, { header: "force_backward: true" });
  expect((await net.forward({ x: x.data })).y).toHaveLength(0);
  await net.backward();
  expect([...(net.blobs.get("x")?.diff ?? [1])].every((value) => value === 0)).toBe(true);
  await net.dispose();
});

test("errors", async () => {
  await expect(pooled(two, rois([1, 0, 0, 1, 1]))).rejects.toThrow(
    'region 0 of "rois" has image 1; there are 1 images',
  );
  await expect(pooled(two, rois([0, 0, 0, Number.POSITIVE_INFINITY, 1]))).rejects.toThrow(
    "a coordinate that is Infinity",
  );
  expect(await buildError(layer("spatial_scale: 1 output_dim: 1"), { x: x.shape, rois: [1, 5] })).toMatch(/group_size/);
  expect(await buildError(layer("spatial_scale: 1 output_dim: 1 group_size: 0"), { x: x.shape, rois: [1, 5] })).toMatch(
    /psroi_pooling_param.group_size must be given, and greater than 0/,
  );
  expect(await buildError(two, { x: [1, 3, 4, 4], rois: [1, 5] })).toMatch(
    /must have output_dim · group_size² = 4 channels, not 3/,
  );
});

test("gradient", async () => {
  await checkGradients({
    layer: layer("spatial_scale: 0.5 output_dim: 2 group_size: 2"),
    inputs: { x: [2, 8, 5, 6], rois: [3, 5] },
    values: { rois: [0, 1, 1, 9, 8, 1, 3, -2, 14, 5, 1, 4, 4, 2, 2] },
    check: ["x"],
  });
});

testContract("PSROIPooling", {
  inputs: { x: [2, 8, 4, 4], label: [2, 5] },
  param: "psroi_pooling_param { spatial_scale: 1 output_dim: 2 group_size: 2 }",
});
