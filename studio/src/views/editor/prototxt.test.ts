import { StringStream } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { expect, test } from "vitest";
import { braces, foldFrom, isTyping, token, unitOf } from "./prototxt.js";

function kinds(line: string): (string | null)[][] {
  const stream = new StringStream(line, 2, 2);
  const inside = { depth: 0, wantsValue: false, lists: 0 };
  const found: (string | null)[][] = [];
  while (!stream.eol()) {
    stream.start = stream.pos;
    const kind = token(stream, inside);
    if (kind) found.push([stream.current(), kind]);
  }
  return found;
}

test("fields, messages and values are told apart", () => {
  expect(kinds('layer { name: "a\\"b" phase: TRAIN dim: [1, -2e-3] } # x')).toEqual([
    ["layer", "typeName"],
    ["{", "brace"],
    ["name", "propertyName"],
    [":", "punctuation"],
    ['"a\\"b"', "string"],
    ["phase", "propertyName"],
    [":", "punctuation"],
    ["TRAIN", "atom"],
    ["dim", "propertyName"],
    [":", "punctuation"],
    ["[", "squareBracket"],
    ["1", "number"],
    [",", "punctuation"],
    ["-2e-3", "number"],
    ["]", "squareBracket"],
    ["}", "brace"],
    ["# x", "comment"],
  ]);
  expect(kinds("bias_term: false")[2]).toEqual(["false", "bool"]);
  // No character stops it.
  expect(kinds("😀 ~ 'open")).toEqual([["'open", "string"]]);
});

test("braces in comments and strings do not count", () => {
  expect(braces('a { b: "}" } } c { # {')).toEqual({ opened: 1, closed: 1 });
});

test("a message folds between its braces", () => {
  const text = "layer {\n  a { b: 1 }\n  c {\n  }\n}\nlayer {";
  const state = EditorState.create({ doc: text });
  const folded = (line: number) => {
    const fold = foldFrom(state, state.doc.line(line).from);
    return fold && text.slice(fold.from, fold.to);
  };
  expect(folded(1)).toBe("\n  a { b: 1 }\n  c {\n  }\n");
  expect(folded(2)).toBe(null);
  expect(folded(3)).toBe("\n  ");
  expect(folded(6)).toBe(null);
});

test("the indentation is the text's own", () => {
  expect(unitOf("layer {\n    name: 'x'\n}")).toBe("    ");
  expect(unitOf("layer {\n\tname: 'x'\n}")).toBe("\t");
  expect(unitOf("base_lr: 1")).toBe("  ");
});

test.each([
  ["  na", true],
  ['layer { name: "a" typ', true],
  ['type: "Re', true],
  ["type: 'Re \"x", true],
  ['type: "', true],
  ["phase: TR", true],
  ['type: "ReLU"', false],
  ['type: "ReLU" ', false],
  ["layer {", false],
  ["dim: 12", false],
  ["# na", false],
  ['name: "a" # it\'s na', false],
  ['name: "#na', true],
])("something is offered behind %j: %s", (line, is) => expect(isTyping(line)).toBe(is));
