import { describe, expect, test } from "vitest";
import type { Image } from "../../util/images.js";
import { resize } from "./resize.js";

/** An image of one channel, given by rows. */
const gray = (...rows: number[][]): Image => ({
  width: rows[0].length,
  height: rows.length,
  channels: 1,
  data: Uint8Array.from(rows.flat()),
});
const rowsOf = ({ width, channels, data }: Image) =>
  Array.from({ length: data.length / (width * channels) }, (_, y) => [
    ...data.subarray(y * width * channels, (y + 1) * width * channels),
  ]);

test("interpolates: centers of pixels are mapped to each other", () => {
  // Twice as wide: the centers are at -0.25, 0.25, 0.75, 1.25; those outside use the edge.
  expect(rowsOf(resize(gray([0, 100]), 4, 1))).toEqual([[0, 25, 75, 100]]);
  // Three values from two: the centers are at -1/6, 1/2, 7/6.
  expect(rowsOf(resize(gray([10], [20]), 1, 3))).toEqual([[10], [15], [20]]);
});

test("takes the mean of four for half the size, and only neighbors for other sizes", () => {
  expect(rowsOf(resize(gray([1, 2, 3, 4], [5, 6, 7, 9]), 2, 1))).toEqual([[4, 6]]); // 3.5 and 5.75
  expect(rowsOf(resize(gray([9, 0, 0, 0, 0, 0, 9]), 1, 1))).toEqual([[0]]);
  expect(rowsOf(resize(gray([9, 1, 200, 1, 9, 7], [9, 3, 200, 3, 9, 7]), 2, 1))).toEqual([[2, 9]]); // columns 1 and 4
});

describe("equals OpenCV's resize, whose values these are", () => {
  const image = gray([0, 100, 200, 50, 255], [10, 20, 30, 40, 50], [255, 0, 255, 0, 255]);
  test.each([
    [
      3,
      2,
      [
        [28, 158, 151],
        [131, 199, 139],
      ],
    ],
    [
      2,
      3,
      [
        [75, 101],
        [18, 43],
        [64, 64],
      ],
    ],
    [1, 1, [[30]]],
    [
      7,
      5,
      [
        [0, 57, 128, 200, 93, 138, 255],
        [4, 41, 86, 132, 70, 100, 173],
        [10, 16, 23, 30, 37, 44, 50],
        [157, 72, 53, 165, 58, 83, 173],
        [255, 109, 73, 255, 73, 109, 255],
      ],
    ],
    [
      5,
      7,
      [
        [0, 100, 200, 50, 255],
        [1, 88, 176, 48, 226],
        [6, 54, 103, 44, 138],
        [10, 20, 30, 40, 50],
        [115, 11, 126, 23, 138],
        [220, 3, 223, 6, 226],
        [255, 0, 255, 0, 255],
      ],
    ],
  ])("%i×%i", (width, height, rows) => {
    expect(rowsOf(resize(image, width, height))).toEqual(rows);
  });

  test("in colors", () => {
    const data = Uint8Array.from({ length: 18 }, (_, i) => 14 * i);
    expect(rowsOf(resize({ width: 3, height: 2, channels: 3, data }, 2, 3))).toEqual([
      [10, 24, 38, 73, 87, 101],
      [74, 88, 102, 137, 151, 165],
      [136, 150, 164, 199, 213, 227],
    ]);
  });
});

test("does not change an image of that size, and refuses invalid sizes", () => {
  const image = gray([1, 2]);
  expect(resize(image, 2, 1)).toBe(image);
  for (const [width, height] of [
    [0, 1],
    [1.5, 1],
    [1 << 20, 1 << 20],
  ]) {
    expect(() => resize(image, width, height)).toThrow(/^an image cannot be made /);
  }
});
