import { expect, test } from "vitest";
import { firstHalf, horizonOf, percent } from "./moving-average.js";

test("the first half weighs what Caffe's sums give it", () => {
  for (const [f, n] of [
    [0.999, 1000],
    [0.9, 10],
    [0.5, 4],
    [1, 100],
  ] as const) {
    // M of a mean that is 1 in the first half and 0 in the second is what the first half weighs.
    let m = 0;
    let s = 0;
    for (let k = 0; k < n; k++) {
      m = f * m + (k < n / 2 ? 1 : 0);
      s = f * s + 1;
    }
    expect(firstHalf(f, n)).toBeCloseTo(m / s, 10);
  }
});

test("it is nothing after many forwards, and a half where nothing is forgotten", () => {
  expect(firstHalf(0.999, 1e6)).toBeCloseTo(0, 100);
  expect(firstHalf(1, 1e6)).toBe(0.5);
  expect(horizonOf(1)).toBe(Number.POSITIVE_INFINITY);
  expect(horizonOf(0.75)).toBe(4);
  expect(percent(0.268)).toBe("27 %");
});
