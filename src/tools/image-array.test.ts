import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createImages } from "#platform";
import { type NdArray, transposed } from "../util/nd-array.js";
import { centerCrop, loadImage, oversample, resizeImage } from "./image-array.js";

const folder = mkdtempSync(join(tmpdir(), "moka-image-array-"));
afterAll(() => rmSync(folder, { recursive: true }));

const array = (shape: readonly number[], values: readonly number[]): NdArray => ({
  shape,
  data: Float32Array.from(values),
});
const counted = (...shape: number[]) =>
  array(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
  );

function close(result: NdArray, shape: readonly number[], expected: readonly number[]): void {
  expect(result.shape).toEqual(shape);
  expect(result.data.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(result.data[i]).toBeCloseTo(value, 5);
}

// What pycaffe's resize_image gives with scikit-image 0.26 (anti-aliasing off) and SciPy 1.17.
test("resizes images of one or three channels as scikit-image does, dark beyond the edge", () => {
  const larger = [-0.75, 0.75, 2.25, 1.5, 1.5, 3, 3, 1.5, 4.5, 5, 1, -1.5, 3.75, 3.75, -0.75, -3];
  close(resizeImage(array([2, 2, 1], [1, 5, 9, -3]), [4, 4]), [4, 4, 1], larger);
  const squares = array(
    [3, 5, 1],
    Array.from({ length: 15 }, (_, i) => i ** 2 / 10),
  );
  const smaller = [0.7416667, 1.525, 2.9083333, 8.7416668, 12.025, 15.9083328];
  close(resizeImage(squares, [2, 3]), [2, 3, 1], smaller);
});

test("resizes others as SciPy's zoom does, corner to corner", () => {
  const expected = [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11];
  close(resizeImage(counted(2, 3, 2), [3, 5]), [3, 5, 2], expected);
});

// SciPy 1.17: gaussian_filter(…, cval=0) and zoom(…, order=1, mode="grid-constant", grid_mode=True) on the image scaled to
// 0 … 1, which is what scikit-image's resize does with anti_aliasing=True.
test("with anti-aliasing an image is smoothed along the axes that become smaller, and only those", () => {
  const cyclic = (count: number, modulus: number, value: (rest: number) => number) =>
    Array.from({ length: count }, (_, i) => value(i ** 2 % modulus));
  const gray = array(
    [7, 9, 1],
    cyclic(63, 23, (rest) => rest / 7 - 1),
  );
  const smaller = [
    -0.208547, -0.070229, 0.167753, 0.059775, 0.234989, 0.036655, 0.24548, -0.141172, -0.166795, -0.261505, 0.321094,
    0.136804,
  ];
  close(resizeImage(gray, [3, 4], { antiAliasing: true }), [3, 4, 1], smaller);
  const color = array(
    [6, 4, 3],
    cyclic(72, 17, (rest) => rest / 5),
  );
  const wider = [
    1.274168, 1.849743, 1.543061, 1.521775, 1.298239, 1.172402, 1.333282, 1.3045, 1.324967, 1.362804, 1.583846,
    1.343695, 1.779782, 1.317611, 0.440366, 1.538879, 1.471683, 0.989412, 1.171008, 1.172219, 1.426857, 1.327291,
    1.514534, 1.49148, 1.299185, 1.974205, 1.66894, 0.29708, 1.606549, 2.033761,
  ];
  close(resizeImage(color, [2, 5], { antiAliasing: true }), [2, 5, 3], wider);
  const larger = resizeImage(gray, [14, 9], { antiAliasing: true });
  expect(larger).toEqual(resizeImage(gray, [14, 9]));
  expect(() => resizeImage(counted(4, 4, 2), [2, 2], { antiAliasing: true })).toThrow(/not of 2/);
});

test("an image of one color stays that color", () => {
  const result = resizeImage(array([2, 2, 3], new Array(12).fill(0.25)), [5, 3]);
  expect(new Set(result.data)).toEqual(new Set([0.25]));
});

test("ten parts: corners, center, mirror images", () => {
  const parts = oversample([counted(4, 5, 1)], [2, 3]);
  expect(parts.map(({ data }) => [...data])).toEqual([
    [0, 1, 2, 5, 6, 7],
    [2, 3, 4, 7, 8, 9],
    [10, 11, 12, 15, 16, 17],
    [12, 13, 14, 17, 18, 19],
    [6, 7, 8, 11, 12, 13],
    [2, 1, 0, 7, 6, 5],
    [4, 3, 2, 9, 8, 7],
    [12, 11, 10, 17, 16, 15],
    [14, 13, 12, 19, 18, 17],
    [8, 7, 6, 13, 12, 11],
  ]);
  expect([...centerCrop(counted(5, 4, 2), [2, 1]).data]).toEqual([10, 11, 18, 19]);
  expect(() => centerCrop(counted(2, 2, 1), [3, 2])).toThrow(/2×2, smaller than the part to take, 3×2/);
});

test("transposes", () => {
  expect([...transposed(counted(2, 3, 2), [2, 0, 1]).data]).toEqual([0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]);
  expect(transposed(counted(2, 3, 4), [1, 2, 0]).shape).toEqual([3, 4, 2]);
  expect(() => transposed(counted(2, 3), [0, 0])).toThrow(/no order of the 2 axes/);
});

test("loads images as red, green and blue from 0 to 1, or as gray", async () => {
  const color = join(folder, "color.png");
  const gray = join(folder, "gray.png");
  const images = createImages();
  const size = { width: 2, height: 1 };
  writeFileSync(
    color,
    await images.encode({ ...size, channels: 3, data: Uint8Array.of(255, 0, 51, 0, 102, 0) }, "png"),
  );
  writeFileSync(gray, await images.encode({ ...size, channels: 1, data: Uint8Array.of(0, 204) }, "png"));
  close(await loadImage(color), [1, 2, 3], [0.2, 0, 1, 0, 0.4, 0]);
  close(await loadImage(color, { color: false }), [1, 2, 1], [0.2125 * 0.2 + 0.0721, 0.7154 * 0.4]);
  close(await loadImage(gray), [1, 2, 3], [0, 0, 0, 0.8, 0.8, 0.8]);
  close(await loadImage(gray, { color: false }), [1, 2, 1], [0, 0.8]);
  const bad = join(folder, "bad.png");
  const page = new TextEncoder().encode("<!DOCTYPE html><title>Sign in</title>");
  await expect(loadImage(page)).rejects.toThrow("the image is a web page, where an image is wanted");
  const pointer = new Blob(["version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"]);
  await expect(loadImage(pointer)).rejects.toThrow(/^the image is a Git LFS pointer/);
  writeFileSync(bad, "no picture");
  close(await loadImage(gray, { color: false, size: [1, 1] }), [1, 1, 1], [0.4]);
  await expect(loadImage(bad)).rejects.toThrow(expect.objectContaining({ message: expect.stringContaining(bad) }));
});
