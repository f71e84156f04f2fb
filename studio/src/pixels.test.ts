import { expect, test } from "vitest";
import { inputFromPixels, topOf } from "./pixels.js";

const rgba = [10, 20, 30, 255, 40, 50, 60, 255];

test("channels come in the net's order, less its means, times its scale", () => {
  const bgr = inputFromPixels(rgba, [3, 1, 2], { order: "BGR", mean: [1, 2, 3], scale: 2 });
  expect([...bgr]).toEqual([58, 118, 36, 96, 14, 74]);
  expect([...inputFromPixels(rgba, [3, 1, 2], { order: "RGB", mean: [0], scale: 1 })]).toEqual([
    10, 40, 20, 50, 30, 60,
  ]);
});

test("one channel is the luminance", () => {
  const [first, second] = inputFromPixels(rgba, [1, 2, 1], { order: "BGR", mean: [], scale: 1 });
  expect(first).toBeCloseTo(18.15, 4);
  expect(second).toBeCloseTo(48.15, 4);
});

test("the largest come first, of equal ones the first", () => {
  expect(topOf([1, 3, 2, 3], 3)).toEqual([
    { index: 1, value: 3 },
    { index: 3, value: 3 },
    { index: 2, value: 2 },
  ]);
});
