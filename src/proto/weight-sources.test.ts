import { expect, test } from "vitest";
import { weightPaths } from "./weight-sources.js";

test.each([
  ["a.caffemodel", ["a.caffemodel"]],
  ["a.caffemodel,b c.h5", ["a.caffemodel", "b c.h5"]],
  [" a.caffemodel , b.caffemodel\n", ["a.caffemodel", "b.caffemodel"]],
  ["", [""]],
])("%j", (list, paths) => {
  expect(weightPaths(list)).toEqual(paths);
});
