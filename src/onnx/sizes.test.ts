import { expect, test } from "vitest";
import { fitSizes, sizeIn } from "./sizes.js";

test("a named size has its value in a run, if that is known", () => {
  const known = new Map([["N", 3]]);
  expect([7, "N", "4N", "boxes.count", "2M"].map((dim) => sizeIn(dim, known))).toEqual([
    7,
    3,
    12,
    undefined,
    undefined,
  ]);
});

test("a shape fits sizes by their names, and a new name takes the size that it meets", () => {
  const known = new Map([["N", 3]]);
  expect(fitSizes(["N", 4, "M"], [3, 4, 5], known)).toBe(true);
  expect(known.get("M")).toBe(5);
  expect(fitSizes(["2N"], [6], known)).toBe(true);
  expect(fitSizes(["2N"], [7], known)).toBe(false);
  expect(fitSizes(["N", 4], [3], known)).toBe(false);
});
