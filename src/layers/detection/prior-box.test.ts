// Numbers: by hand; those of the fork itself are in test/golden/forks/PriorBox.
// No gradient: only the shapes of its bottoms count.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param: string) =>
  `layer { name: "layer" type: "PriorBox" bottom: "map" bottom: "image" top: "y" prior_box_param { ${param} } }`;
const zeros = (...shape: number[]) => ({ shape, data: new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(0) });
const inputs = { map: zeros(1, 1, 1, 2), image: zeros(1, 1, 8, 16) };

test("boxes cell by cell, then their variances; a size is cut to an integer", async () => {
  const { y } = await runLayer(layer("min_size: 4.9 variance: 0.5"), inputs);
  const boxes = [0.125, 0.25, 0.375, 0.75, 0.625, 0.25, 0.875, 0.75];
  expect(y).toEqual({ shape: [1, 2, 8], data: [...boxes, ...boxes.map(() => 0.5)] });
});

test("the box of both sizes comes before those of the ratios, and clip keeps it inside", async () => {
  const param = "min_size: 4 max_size: 9 aspect_ratio: 4 aspect_ratio: 0.25 clip: true img_size: 8 step: 8";
  const { y } = await runLayer(layer(param), { map: zeros(1, 1, 1, 1), image: zeros(1, 1, 4, 4) });
  const boxes = [0.25, 0.25, 0.75, 0.75, 0.125, 0.125, 0.875, 0.875, 0, 0.375, 1, 0.625, 0.375, 0, 0.625, 1];
  expect(y?.shape).toEqual([1, 2, 16]);
  expect(y?.data.slice(0, 16)).toEqual(boxes);
  expect(new Set(y?.data.slice(16))).toEqual(new Set([Math.fround(0.1)]));
});

test.each([
  ["", /min_size must be given/],
  ["min_size: 0", /min_size must be above 0/],
  ["min_size: 2 max_size: 2", /max_size must be above its min_size/],
  ["min_size: 2 max_size: 3 max_size: 4", /there are 2, but 1 of min_size/],
  ["min_size: 2 aspect_ratio: 0", /aspect_ratio must be above 0/],
  ["min_size: 2 variance: 1 variance: 1", /variance must be one or four/],
  ["min_size: 2 img_h: 4", /img_h and img_w must both/],
  ["min_size: 2 img_size: 4 img_h: 4 img_w: 4", /not both/],
  ["min_size: 2 step: 4 step_h: 4 step_w: 4", /not both/],
  ["min_size: 2 step: 0", /step must be above 0/],
  ["min_size: 2 tf: true", /tf: a field of another fork than SSD/],
])("%s is an error", async (param, message) => {
  expect(await buildError(layer(param), { map: [1, 1, 2, 2], image: [1, 1, 8, 8] })).toMatch(message);
});

test("a bottom without height and width is an error", async () => {
  expect(await buildError(layer("min_size: 2"), { map: [1, 2], image: [1, 1, 8, 8] })).toMatch(/needs a feature map/);
});

testContract("PriorBox", { inputs: { a: [1, 2, 2, 3], b: [1, 3, 8, 8] }, param: "prior_box_param { min_size: 3 }" });
