// Numbers: numpy, from the definition.
// No gradient: it chooses.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { buildError, runLayer } from "../../../test/layers.js";

const bottoms = ["rois", "loss", "labels", "weights"].map((name) => `bottom: "${name}"`).join(" ");
const layer = (param = "roi_per_img: 2") =>
  `layer { name: "layer" type: "BoxAnnotatorOHEM" ${bottoms} top: "y" top: "w" box_annotator_ohem_param { ${param} } }`;
const images = [0, 1, 1, 0, 0, 0, 2, 1, 0, 1];
/** Regions (5, 5, 1, 2): the images, then coordinates. */
const rois = {
  shape: [5, 5, 1, 2],
  data: [0, 1, 2, 3, 4].flatMap((n) => [...images.slice(2 * n, 2 * n + 2), ...Array<number>(8).fill(7)]),
};
const inputs = {
  rois,
  loss: { shape: [5, 1, 1, 2], data: [0.3, 0.9, 0.9, 0.1, 0.8, 0.3, 0.2, 0.95, 0.5, 0.05] },
  labels: { shape: [5, 1, 1, 2], data: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] },
  weights: { shape: [5, 3, 1, 2], data: Array.from({ length: 30 }, (_, i) => i + 1) },
};

test("keeps the regions of each image with the highest loss; of equal ones the first", async () => {
  const { y, w } = await runLayer(layer(), inputs);
  const kept = [0, 1, 0, 0, 1, 0, 1, 1, 1, 0];
  expect(y).toEqual({ shape: [5, 1, 1, 2], data: kept.map((keep, i) => (keep ? i + 1 : -1)) });
  expect(w?.shape).toEqual([5, 3, 1, 2]);
  expect(w?.data).toEqual(inputs.weights.data.map((v, i) => (kept[2 * Math.floor(i / 6) + (i % 2)] ? v : 0)));
});

test("takes bottoms without their last axes, more regions than there are, and another label to ignore", async () => {
  const small = {
    rois: { shape: [2, 5], data: [0, 1, 1, 2, 2, 0, 1, 1, 2, 2] },
    loss: { shape: [2], data: [0, Number.NaN] },
    labels: { shape: [2, 1], data: [3, 4] },
    weights: { shape: [2, 2], data: [1, 1, 2, 2] },
  };
  expect((await runLayer(layer("roi_per_img: 9"), small)).y).toEqual({ shape: [2, 1, 1, 1], data: [3, 4] });
  const { y, w } = await runLayer(layer("roi_per_img: 1 ignore_label: 255"), small);
  expect([y?.data, w]).toEqual([[255, 4], { shape: [2, 2, 1, 1], data: [0, 0, 2, 2] }]);
});

test("says what does not fit", async () => {
  const shapes = { rois: [2, 5], loss: [2], labels: [2], weights: [2, 8] };
  expect(await buildError(layer("roi_per_img: 0"), shapes)).toMatch(/roi_per_img must be given, 1 or more$/);
  expect(await buildError(layer(), { ...shapes, rois: [2, 4] })).toMatch(/needs regions N 5 H W/);
  expect(await buildError(layer(), { ...shapes, weights: [3, 8] })).toMatch(/weights N C H W; they are/);
  for (const image of [-1, Number.NaN]) {
    const wrong = { ...rois, data: rois.data.map((v) => (v === 2 ? image : v)) };
    await expect(runLayer(layer(), { ...inputs, rois: wrong })).rejects.toThrow(
      /region 6 must have an image, a whole number from 0 on, not/,
    );
  }
});

testContract("BoxAnnotatorOHEM", {
  inputs: { label: [2, 5], loss: [2, 1], b: [2, 1], c: [2, 4] },
  tops: ["y", "w"],
  param: "box_annotator_ohem_param { roi_per_img: 1 }",
});
