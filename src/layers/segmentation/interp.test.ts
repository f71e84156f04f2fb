// Numbers: by hand; those of the fork itself are in test/golden/forks/Interp.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param: string) =>
  `layer { name: "layer" type: "Interp" bottom: "x" top: "y" interp_param { ${param} } }`;

test("corners stay, and values between are interpolated", async () => {
  const { y } = await runLayer(layer("height: 3 width: 3"), { x: { shape: [1, 1, 2, 2], data: [0, 4, 8, 12] } });
  expect(y).toEqual({ shape: [1, 1, 3, 3], data: [0, 2, 4, 4, 6, 8, 8, 10, 12] });
});

test("a top of one row is the first row, and one value fills the top", async () => {
  const rows = await runLayer(layer("height: 1 width: 2"), { x: { shape: [1, 1, 2, 2], data: [1, 2, 3, 4] } });
  expect(rows.y.data).toEqual([1, 2]);
  const one = await runLayer(layer("height: 2 width: 2"), { x: { shape: [1, 1, 1, 1], data: [7] } });
  expect(one.y.data).toEqual([7, 7, 7, 7]);
});

test.each([
  ["shrink_factor: 2", [3, 3]],
  ["zoom_factor: 2", [9, 11]],
  ["shrink_factor: 2 zoom_factor: 3", [7, 7]],
  ["zoom_factor: 2 height: 4 width: 4", [9, 11]],
  ["shrink_factor: 2 zoom_factor: 3 height: 4 width: 4", [4, 4]],
  ["full_zoom_factor: 2", [10, 12]],
  ["zoom_factor: 2 pad_beg: -1 pad_end: -1", [5, 7]],
])("the size with %s", async (param, size) => {
  const { y } = await runLayer(layer(param), { x: { shape: [1, 1, 5, 6], data: Array(30).fill(1) } });
  expect(y.shape).toEqual([1, 1, ...size]);
});

test("errors", async () => {
  const x = [1, 1, 3, 3];
  expect(await buildError(layer(""), { x })).toMatch(/needs height and width, zoom_factor or shrink_factor$/);
  expect(await buildError(layer("height: 4"), { x })).toMatch(/needs height and width/);
  expect(await buildError(layer("height: -1 width: 2"), { x })).toMatch(/gives -1×2 from 3×3/);
  expect(await buildError(layer("zoom_factor: 0"), { x })).toMatch(/must be 1 or more$/);
  expect(await buildError(layer("zoom_factor: 2 pad_beg: 1"), { x })).toMatch(/must not be above 0/);
  expect(await buildError(layer("zoom_factor: 2 pad_beg: -2 pad_end: -1"), { x })).toMatch(/leave something/);
});

test.each(["zoom_factor: 2", "height: 2 width: 7", "height: 4 width: 1 pad_beg: -1 pad_end: 0"])(
  "gradient with %s",
  async (param) => {
    await checkGradients({ layer: layer(param), inputs: { x: [2, 2, 4, 3] } });
  },
);

testContract("Interp", { inputs: { a: [2, 3, 4, 4] }, param: "interp_param { zoom_factor: 2 }" });
