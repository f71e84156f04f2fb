import { expect, test } from "vitest";
import { scaleImage } from "./scale-float.js";

const image = { width: 3, height: 1, channels: 1, data: Uint8Array.of(10, 20, 40) };

test("subtracts the mean and mirrors", () => {
  expect([...scaleImage(image, { scale: 1, mean: [10], flipped: false }).values]).toEqual([0, 10, 30]);
  expect([...scaleImage(image, { scale: 1, mean: [10], flipped: true }).values]).toEqual([30, 10, 0]);
});

test("scales between the centers of pixels", () => {
  const { width, height, values } = scaleImage(image, { scale: 2, mean: [0], flipped: false });
  expect([width, height]).toEqual([6, 2]);
  expect([...values.subarray(0, 6)]).toEqual([10, 12.5, 17.5, 25, 35, 40]);
});

test("writes planes", () => {
  const two = { width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  expect([...scaleImage(two, { scale: 1, mean: [1, 1, 1], flipped: false }).values]).toEqual([0, 3, 1, 4, 2, 5]);
});
