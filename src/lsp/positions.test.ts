import fc from "fast-check";
import { expect, test } from "vitest";
import { Source } from "../lint/source.js";
import { Places } from "./positions.js";

const at = (line: number, column: number) => ({ line, column, endLine: line, endColumn: column });

test("a line ends at \\n for lint, and also at \\r for the protocol", () => {
  const places = new Places("# a\r# b\r\ntop: 'x'\n");
  const span = places.spanOf({ ...at(2, 6), endColumn: 9 });
  expect(span).toEqual({ from: 14, to: 17 });
  expect(places.range(span)).toEqual({ start: { line: 2, character: 5 }, end: { line: 2, character: 8 } });
});

test("columns are UTF-16 units on both sides", () => {
  const places = new Places("name: '😀' top: 'x'");
  expect(places.range(places.spanOf(at(1, 12)))).toEqual({
    start: { line: 0, character: 11 },
    end: { line: 0, character: 14 },
  });
});

test("a place without an end has its word, or the character there, and nothing at the end of a line", () => {
  const places = new Places("conv1/x: 2\n😀\n");
  expect(places.spanOf(at(1, 1))).toEqual({ from: 0, to: 5 });
  expect(places.spanOf(at(1, 8))).toEqual({ from: 7, to: 8 });
  expect(places.spanOf(at(2, 1))).toEqual({ from: 11, to: 13 });
  expect(places.spanOf(at(1, 11))).toEqual({ from: 10, to: 10 });
  expect(places.spanOf(at(9, 9))).toEqual({ from: 14, to: 14 });
});

test("a byte order mark takes no column", () => {
  const places = new Places("\ufeffname: 'x'");
  expect(places.spanOf(at(1, 1)).from).toBe(0);
  expect(places.spanOf({ ...at(1, 7), endColumn: 10 })).toEqual({ from: 7, to: 10 });
});

test("what the reader counts as line and column is the offset that it has", () => {
  const piece = fc.constantFrom("a: 1", "b { c: 'x' }", "\n", "\r\n", "\r", "# 😀 é\n", " ", "\t", "d: '😀'", "{", "}");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = pieces.join("");
      const places = new Places(text);
      for (const { line, column, offset } of new Source(text, undefined).tree.fields) {
        expect(places.spanOf(at(line, column)).from).toBe(offset);
      }
    }),
    { numRuns: 200 },
  );
});

test("an edit of offsets is one of positions", () => {
  expect(new Places("a\nbc").textEdit({ start: 2, end: 3, replacement: "x" })).toEqual({
    range: { start: { line: 1, character: 0 }, end: { line: 1, character: 1 } },
    newText: "x",
  });
});
