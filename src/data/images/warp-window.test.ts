import { expect, test } from "vitest";
import type { Image } from "../../util/images.js";
import { type WarpedWindow, warpWindow } from "./warp-window.js";

/** 6×8 pixels with the values 10·row + column. */
const data = Uint8Array.from({ length: 48 }, (_, i) => 10 * Math.floor(i / 8) + (i % 8));
const image: Image = { width: 8, height: 6, channels: 1, data };

/** The square that a window is put into, by rows; -1 where it stays empty. */
function square({ image: { width, height, data: values }, top, left }: WarpedWindow, cropSize: number): number[][] {
  return Array.from({ length: cropSize }, (_, y) =>
    Array.from({ length: cropSize }, (_, x) => {
      const [row, column] = [y - top, x - left];
      return row >= 0 && row < height && column >= 0 && column < width ? values[row * width + column] : -1;
    }),
  );
}

const warp = ([x1, y1, x2, y2]: readonly number[], cropSize: number, more = {}) => {
  const options = { cropSize, contextPad: 0, isSquare: false, isMirrored: false, ...more };
  return square(warpWindow(image, { x1, y1, x2, y2 }, options), cropSize);
};

test("a window of the right size is cropped, and mirrored with isMirrored", () => {
  expect(warp([2, 1, 3, 2], 2)).toEqual([
    [12, 13],
    [22, 23],
  ]);
  expect(warp([2, 1, 3, 2], 2, { isMirrored: true })).toEqual([
    [13, 12],
    [23, 22],
  ]);
});

test("others are warped: width and height independently", () => {
  // Four columns become two, their means rounded down as in OpenCV; one row becomes two.
  expect(warp([0, 3, 3, 3], 2)).toEqual([
    [30, 32],
    [30, 32],
  ]);
});

// The following values are from a line-by-line copy of Caffe's code with OpenCV's resize.
test("with context, the window is extended, and the part outside the image stays empty", () => {
  expect(warp([2, 1, 5, 4], 6, { contextPad: 1 })).toEqual([
    [2, 3, 4, 5, 7, 8],
    [14, 15, 16, 17, 19, 20],
    [26, 27, 28, 30, 31, 32],
    [38, 39, 40, 41, 43, 44],
    [50, 51, 52, 53, 55, 56],
    [-1, -1, -1, -1, -1, -1],
  ]);
});

test("and is mirrored with its empty part", () => {
  expect(warp([0, 0, 3, 5], 6, { contextPad: 1, isMirrored: true })).toEqual([
    [-1, -1, -1, -1, -1, -1],
    [10, 9, 8, 6, 5, -1],
    [30, 29, 28, 26, 25, -1],
    [50, 49, 48, 46, 45, -1],
    [-1, -1, -1, -1, -1, -1],
    [-1, -1, -1, -1, -1, -1],
  ]);
});

test("as a square, the shorter side is extended", () => {
  expect(warp([5, 2, 7, 3], 5, { isSquare: true })).toEqual([
    [25, 26, 26, 27, -1],
    [32, 32, 33, 34, -1],
    [40, 41, 41, 42, -1],
    [48, 48, 49, 50, -1],
    [55, 56, 56, 57, -1],
  ]);
});

test("a window outside the image is an error", () => {
  expect(() => warp([2, 1, 8, 2], 2)).toThrow("does not lie in an image of 6×8");
  expect(() => warp([3, 1, 2, 2], 2)).toThrow("does not lie in an image of 6×8");
  expect(() => warp([20, 20, 22, 22], 8, { contextPad: 1 })).toThrow("does not lie in an image of 6×8");
});
