import { expect, test } from "vitest";
import { factorAfter, horizonOf, percent, sharesAfter } from "./moving-average.js";

test("the shares are what Caffe's sums give", () => {
  for (const [f, n, loaded] of [
    [0.999, 1000, 0],
    [0.9, 10, 0],
    [0.5, 4, 0],
    [1, 100, 0],
    [0.999, 60, 999.98],
    [0.9, 20, 1000],
    [1, 50, 200],
  ] as const) {
    // A mean that is 1 for the part in question, and 0 for the others, is its share.
    const averageOf = (start: number, mean: (k: number) => number) => {
      let m = start * loaded;
      let s: number = loaded;
      for (let k = 0; k < n; k++) {
        m = f * m + mean(k);
        s = f * s + 1;
      }
      return { m, s };
    };
    const old = averageOf(1, () => 0);
    const first = averageOf(0, (k) => (k < n / 2 ? 1 : 0));
    const shares = sharesAfter(f, n, loaded);
    expect(shares.loaded).toBeCloseTo(old.m / old.s, 10);
    expect(shares.firstHalf).toBeCloseTo(first.m / first.s, 10);
    expect(factorAfter(f, n) + f ** n * loaded).toBeCloseTo(old.s, 8);
  }
  expect(percent(sharesAfter(0.999, 60, 999.98).loaded)).toBe("94 %");
});

test("it is nothing after many forwards, and a half where nothing is forgotten", () => {
  expect(sharesAfter(0.999, 1e6).firstHalf).toBeCloseTo(0, 100);
  expect(sharesAfter(1, 1e6).firstHalf).toBe(0.5);
  expect(horizonOf(1)).toBe(Number.POSITIVE_INFINITY);
  expect(horizonOf(0.75)).toBe(4);
  expect(percent(0.268)).toBe("27 %");
});
