import { Text } from "@codemirror/state";
import { expect, test } from "vitest";
import { spanOf } from "./places.js";

const at = (line: number, column: number, endLine = line, endColumn = column) => ({ line, column, endLine, endColumn });
const doc = Text.of(["\ufeffname: 'x'", 'top: "é😀"', ""]);

test("a place with an end is what lint says", () => {
  expect(spanOf(doc, at(1, 7, 1, 10))).toEqual({ from: 7, to: 10 });
  expect(spanOf(doc, at(1, 7, 2, 4))).toEqual({ from: 7, to: 14 });
});

test("a place without an end has its word, and nothing at the end of a line", () => {
  expect(spanOf(doc, at(2, 1))).toEqual({ from: 11, to: 14 });
  expect(spanOf(doc, at(2, 8))).toEqual({ from: 18, to: 20 });
  expect(spanOf(doc, at(3, 1))).toEqual({ from: 22, to: 22 });
});

test("places beyond the text are at its end", () => {
  expect(spanOf(doc, at(9, 9))).toEqual({ from: 22, to: 22 });
  expect(spanOf(doc, at(2, 99))).toEqual({ from: 21, to: 21 });
});
