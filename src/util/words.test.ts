import { expect, test } from "vitest";
import { counted, listed } from "./words.js";

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
