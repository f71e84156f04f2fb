// Numbers: OpenCV 4.6 (cv2.cvtColor, equalizeHist, erode), on the images that `pattern` makes; scaleValues by hand.
import { expect, test } from "vitest";
import { equalize, erode, fromHsv, scaleValues, toGray, toHsv } from "./color.js";

/** Value i is (37i + 11i²) mod 256. */
function pattern(height: number, width: number, channels: number) {
  const data = Uint8Array.from({ length: height * width * channels }, (_, i) => (37 * i + 11 * i * i) % 256);
  return { height, width, channels, data };
}

const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");

test("to hue, saturation and value, bit for bit", () => {
  expect(hex(toHsv(pattern(1, 12, 3)).data)).toBe(
    "0cff7695acd2a9dee89b0fca84d8ec98a4e06cd9865af1fc0dbace36b0bc24fcc60531b2",
  );
});

test("and back, as OpenCV does without vectors; hues of 180 and more begin again", () => {
  expect(hex(fromHsv(pattern(1, 5, 3)).data)).toBe("60607696cccce8d9cd3398ca627264");
});

test("there and back is nearly the same, as hues are whole", () => {
  const { data } = pattern(20, 20, 3);
  const again = fromHsv(toHsv(pattern(20, 20, 3))).data;
  expect(Math.max(...data.map((value, i) => Math.abs(value - (again[i] ?? 0))))).toBeLessThanOrEqual(4);
});

test("to gray", () => {
  expect(hex(toGray(pattern(1, 12, 3)).data)).toBe("3f7d63c3528a3cb48a8ea49e");
});

test("equalized; of one value it stays", () => {
  const image = pattern(1, 20, 1);
  expect(hex(equalize({ ...image, data: image.data.map((value) => Math.floor(value / 3) + 40) }).data)).toBe(
    "002879c943bc5e0df2a194aeff1b6bd751e48643",
  );
  expect([...equalize({ width: 2, height: 1, channels: 1, data: Uint8Array.of(9, 9) }).data]).toEqual([9, 9]);
});

test("eroded by a cross", () => {
  expect(hex(erode(pattern(4, 4, 1)).data)).toBe("0000301e00301e1e44246a1e24242472");
});

test("scaled values are rounded, halves to even, and clipped; of one channel or of all", () => {
  const image = { width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 100, 200, 255) };
  expect([...scaleValues(image, 1.5, 0).data]).toEqual([2, 3, 4, 150, 255, 255]);
  expect([...scaleValues(image, 1, -50.25).data]).toEqual([0, 0, 0, 50, 150, 205]);
  expect([...scaleValues(image, 0.5, 0, 1).data]).toEqual([1, 1, 3, 100, 100, 255]);
});
