// Numbers: numpy, by the definitions of the three kinds.
import { expect, test } from "vitest";
import { averagePrecision } from "./average-precision.js";

const scores = Array.from({ length: 24 }, (_, k) => Math.round((0.5 + 0.49 * Math.sin(2.9 * k)) * 1e4) / 1e4);
const isRight = scores.map((_, k) => (k * k + Math.floor(k / 3)) % 3 !== 1);
const positives = isRight.filter(Boolean).length + 4;

test.each([
  ["11point", 0.5553613],
  ["MaxIntegral", 0.5866191],
  ["Integral", 0.561765],
] as const)("%s", (version, wanted) => {
  expect(positives).toBe(19);
  expect(averagePrecision(scores, isRight, positives, version)).toBeCloseTo(wanted, 6);
  expect(averagePrecision([0.9, 0.8, 0.7], [true, true, false], 2, version)).toBeCloseTo(1, 6);
  expect(averagePrecision([0.9], [false], 2, version)).toBe(0);
  expect(averagePrecision([], [], 2, version)).toBe(0);
  expect(averagePrecision([0.5], [false], 0, version)).toBe(0);
});

test("11point compares the recall in single precision with tenths in double precision, as the fork: 7 of 10 is below 0.7", () => {
  const found = Array.from({ length: 7 }, (_, i) => 1 - i / 10);
  const all = found.map(() => true);
  expect(averagePrecision(found, all, 10, "11point")).toBeCloseTo(7 / 11, 6);
  expect(averagePrecision(found.slice(0, 5), all, 10, "11point")).toBeCloseTo(6 / 11, 6);
});
