import { expect, test } from "vitest";
import { parseYaml } from "./yaml.js";

const read = (text: string) => parseYaml(text, "cfg");

test("maps, lists and scalars, by indentation", () => {
  const text = `---
# py-faster-rcnn's
EXP_DIR: faster_rcnn_end2end  # a comment
TRAIN:
  HAS_RPN: True
  FG_FRACTION: .25
  SCALES:
  - 600
  - 8e2
  "NAME": 'it''s # no comment'
TEST: { HAS_RPN: False, SCALES: [600, 800],
  RPN_MIN_SIZE: -1 }
NOTHING:
EPS: 1e-14
`;
  expect(read(text)).toEqual({
    EXP_DIR: "faster_rcnn_end2end",
    TRAIN: { HAS_RPN: true, FG_FRACTION: 0.25, SCALES: [600, 800], NAME: "it's # no comment" },
    TEST: { HAS_RPN: false, SCALES: [600, 800], RPN_MIN_SIZE: -1 },
    NOTHING: null,
    EPS: 1e-14,
  });
});

test("Python's forms", () => {
  expect(read("'feat_stride': 16")).toEqual({ feat_stride: 16 });
  expect(read("{'feat_stride': 16, 'scales': (2, 4,)}")).toEqual({ feat_stride: 16, scales: [2, 4] });
  expect(read("'feat_stride': 16 \n'scales': !!python/tuple [4, 8]")).toEqual({ feat_stride: 16, scales: [4, 8] });
  expect(read('{"a": None, \'b\': [], "c": {"d": "x: y"}}')).toEqual({ a: null, b: [], c: { d: "x: y" } });
  expect(read("")).toBe(null);
  expect(read("/a path/x.txt")).toBe("/a path/x.txt");
});

test.each([
  ["a: 1\n   b: 2", "cfg, line 2: this line is indented more than the one before it"],
  ["a: [1, 2", "a bracket is not closed"],
  ["a: [1 : 2]", "expected , or ]"],
  ["{a 1}", "expected a colon"],
  ["a: 1\na: 2", "line 2: the key a is given twice"],
  ["a: &x 1", "&x 1 is not of the YAML"],
  ["a: |\n  text", "| is not of the YAML"],
  ["a: 1\n- b", "expected a key and a colon"],
  ["  a: 1\nb: 2", "line 2: this line does not belong to what is before it"],
  ["a: 'x", "a quote is not closed"],
  [`a: ${"[".repeat(60)}`, "brackets within more than 50 others"],
])("%j is refused", (text, reason) => {
  expect(() => read(text)).toThrow(reason);
});

test("long lines take no longer than their length", () => {
  const long = 100_000;
  expect(() => read(`a${" ".repeat(long)}b\nc: 1`)).toThrow("does not belong");
  expect(read(`a: ${"b#".repeat(long)}`)).toEqual({ a: "b#".repeat(long) });
});
