import { expect, test } from "vitest";
import { counted, listed, wrapped } from "./words.js";

test("a number with its noun", () => {
  expect([counted(1, "top"), counted(3, "top"), counted(0, "axis", "axes")]).toEqual(["1 top", "3 tops", "0 axes"]);
});

test("a list with the number of what is not shown", () => {
  expect([[], ["a"], ["a", "b"], ["a", "b", "c", "d"]].map((items) => listed(items, 2))).toEqual([
    "",
    "a",
    "a, b",
    "a, b and 2 more",
  ]);
});

test("lines of a width, in English and in Chinese", () => {
  expect(wrapped("to be or not to be", 8)).toEqual(["to be or", "not to", "be"]);
  expect(wrapped("incomprehensible", 8)).toEqual(["incomprehensible"]);
  expect(wrapped("", 8)).toEqual([""]);
  expect(wrapped("均值为 0，方差 v 为 1。", 8)).toEqual(["均值为", "0，方差", "v 为 1。"]);
});
