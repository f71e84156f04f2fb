import { expect, test } from "vitest";
import { drawBoxes, enlarged } from "./draw.js";
import { glyphsOf } from "./font.js";

const gray = (width: number, height: number) => ({
  width,
  height,
  channels: 3,
  data: new Uint8Array(width * height * 3).fill(100),
});
const box = (xmin: number, ymin: number, xmax: number, ymax: number, more: { label?: number; text?: string } = {}) => ({
  ...{ xmin, ymin, xmax, ymax, label: 1, text: "", ...more },
});
/** A character for each pixel: a blank where the picture is as it was, else B, W, or # for another color. */
const seen = ({ width, height, data }: ReturnType<typeof drawBoxes>) =>
  Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const [b, g, r] = data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3);
      if (b === 100 && g === 100 && r === 100) return " ";
      return b === 0 && g === 0 && r === 0 ? "B" : b === 255 && g === 255 && r === 255 ? "W" : "#";
    }).join(""),
  );

test("draws the outline of a box in a color of its label; the picture itself stays", () => {
  const picture = gray(8, 5);
  const drawn = drawBoxes(picture, [box(1, 1, 6, 4)]);
  expect(seen(drawn)).toEqual(["        ", " #####  ", " #   #  ", " #####  ", "        "]);
  expect(picture.data.every((value) => value === 100)).toBe(true);
  const colorOf = (label: number) =>
    drawBoxes(picture, [box(0, 0, 8, 5, { label })])
      .data.slice(0, 3)
      .join();
  expect(new Set(Array.from({ length: 40 }, (_, label) => colorOf(label))).size).toBe(40);
});

test("the first box lies on top", () => {
  const picture = gray(4, 4);
  const one = drawBoxes(picture, [box(0, 0, 4, 4, { label: 3 })]);
  expect(drawBoxes(picture, [box(0, 0, 4, 4, { label: 3 }), box(0, 0, 4, 4, { label: 4 })])).toEqual(one);
});

test("what lies outside is cut off; boxes that are none draw nothing of theirs", () => {
  const draw = (...edges: [number, number, number, number]) => seen(drawBoxes(gray(4, 3), [box(...edges)]));
  expect(draw(-9, 1, 2, 9)).toEqual(["    ", "##  ", " #  "]);
  const nothing = ["    ", "    ", "    "];
  expect(draw(-20, -20, -10, -10)).toEqual(nothing);
  expect(draw(-20, -20, 1e30, 1e30)).toEqual(nothing);
  expect(draw(Number.NaN, 0, 3, 3)).toEqual(nothing);
  expect(draw(0, 0, Infinity, 3)).toEqual(nothing);
  expect(draw(3, 2, 1, 1)).toEqual(nothing);
});

test("a text stands above its box, and inside where there is no room", () => {
  const text = ["#######", "##WWW##", "#W###W#", "#W##WW#", "#W#W#W#", "#WW##W#", "#W###W#", "##WWW##", "#######"];
  const above = seen(drawBoxes(gray(9, 14), [box(1, 10, 9, 13, { text: "0" })]));
  expect(above.slice(1, 10)).toEqual(text.map((row) => ` ${row} `));
  const below = seen(drawBoxes(gray(9, 14), [box(5, 3, 9, 13, { text: "0" })]));
  expect(below.slice(3, 12)).toEqual(text.map((row) => `  ${row}`)); // moved to the left, where it is whole
});

test("long texts, no text, and characters that the font lacks", () => {
  const long = drawBoxes(gray(9, 9), [box(2, 2, 5, 5, { text: "long name".repeat(1000) })]);
  expect(seen(long).every((row) => !row.includes(" "))).toBe(true);
  expect(glyphsOf("é")).toEqual(glyphsOf("e"));
  expect(glyphsOf("數\u001b")).toEqual([glyphsOf("\u007f")[0], glyphsOf("\u007f")[0]]);
  expect(glyphsOf("")).toEqual([]);
  const all = glyphsOf(Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join(""));
  expect(all.every((rows) => rows.length === 7 && rows.every((row) => /^[.#]{5}$/.test(row)))).toBe(true);
  expect(new Set(all.map((rows) => rows.join())).size).toBe(95);
});

test("pixels are repeated to enlarge a picture", () => {
  const picture = { width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  expect([...enlarged(picture, 2).data]).toEqual([
    1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6,
  ]);
  expect(() => enlarged(picture, 1e6)).toThrow("cannot be made");
});
