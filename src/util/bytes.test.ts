import { expect, test } from "vitest";
import { compareBytes, concat, formatStart } from "./bytes.js";

test("concat copies: its result does not change with the chunks", () => {
  const chunk = Uint8Array.of(1, 2);
  const bytes = concat([chunk, new Uint8Array(0), Uint8Array.of(3)]);
  const copy = concat([chunk]);
  chunk.fill(9);
  expect([...bytes]).toEqual([1, 2, 3]);
  expect([...copy]).toEqual([1, 2]);
  expect(concat([])).toEqual(new Uint8Array(0));
});

test("compareBytes sorts by unsigned bytes, and the beginning of another before it", () => {
  const sorted = [[], [1], [1, 0], [1, 200], [2], [255]];
  sorted.forEach((a, i) => {
    sorted.forEach((b, j) => {
      expect(Math.sign(compareBytes(Uint8Array.from(a), Uint8Array.from(b)))).toBe(Math.sign(i - j));
    });
  });
});

test("formatStart shows at most four bytes", () => {
  expect(formatStart(Uint8Array.of(0, 10, 255, 1, 2))).toBe("it begins with 00 0a ff 01");
  expect(formatStart(new Uint8Array(0))).toBe("the file is empty");
});
