import { expect, test } from "vitest";
import { Issues } from "../proto/text/issues.js";
import { parseTree } from "../proto/text/parser.js";
import { Ignored } from "./ignore.js";

/** The lines of a text in which a rule is not to report. */
function silenced(text: string, rule = "a-rule"): readonly number[] {
  const ignored = new Ignored(parseTree(text, new Issues()));
  return text.split("\n").flatMap((_, i) => (ignored.has(rule, i + 1) ? [i + 1] : []));
}

test("before a layer it is for the layer, behind a field for the field", () => {
  expect(silenced("x: 1\n# moka-ignore a-rule\nlayer {\n  a: 1\n}\nlayer {\n}\n")).toEqual([3, 4, 5]);
  expect(silenced("layer {\n  a: 1 # moka-ignore a-rule\n  b: 2\n}\n")).toEqual([2]);
});

test("behind an opening brace and last in a message it is for the message", () => {
  expect(silenced("layer { # moka-ignore a-rule\n  a: 1\n}\nx: 1\n")).toEqual([1, 2, 3]);
  expect(silenced("x: 1\nlayer {\n  a: 1\n  # moka-ignore a-rule\n}\nx: 1\n")).toEqual([2, 3, 4, 5]);
});

test("moka-ignore-file is for the file wherever it stands, and so is a comment last in it", () => {
  expect(silenced("x: 1\nlayer {\n  a: 1 # moka-ignore-file a-rule\n}\ny: 1")).toEqual([1, 2, 3, 4, 5]);
  expect(silenced("x: 1\ny: 1\n# moka-ignore a-rule")).toEqual([1, 2, 3]);
});

test("in a list it is for its value", () => {
  expect(silenced("a: [1,\n  # moka-ignore a-rule\n  2,\n  3\n]")).toEqual([3]);
});

test("it names rules, separated by commas or blanks, or means all", () => {
  const lines = (words: string, rule: string) => silenced(`a: 1 # moka-ignore${words}`, rule);
  expect(lines(" one, a-rule -- since other is fine", "a-rule")).toEqual([1]);
  expect(lines(": one a-rule", "a-rule")).toEqual([1]);
  expect(lines(" one, two", "a-rule")).toEqual([]);
  expect(lines(" one -- a-rule", "a-rule")).toEqual([]);
  expect(lines("", "a-rule")).toEqual([1]);
  expect(lines(" -- it is meant so", "a-rule")).toEqual([1]);
});

test("other comments silence nothing", () => {
  expect(silenced("a: 1 # moka-ignored a-rule\nb: 1 # see moka-ignore a-rule\nc: '# moka-ignore'")).toEqual([]);
});
