import fc from "fast-check";
import { expect, test } from "vitest";
import { distributionOf } from "./distribution.js";

test("every value that has a place is in the histogram, and the ends are the least and the largest", () => {
  fc.assert(
    fc.property(fc.array(fc.double(), { minLength: 1, maxLength: 50 }), fc.boolean(), (values, isLog) => {
      const { histogram, leftOut, min, max, median } = distributionOf(values, isLog);
      expect(histogram.reduce((a, b) => a + b, 0) + leftOut).toBe(values.length);
      const finite = values.filter(Number.isFinite).sort((a, b) => a - b);
      if (finite.length === 0) return;
      expect([min, max]).toEqual([finite[0], finite.at(-1)]);
      expect(finite).toContain(median);
    }),
  );
});

test("powers of ten are evenly spread on a logarithmic scale", () => {
  const values = Array.from({ length: 12 }, (_, i) => 10 ** (i - 6));
  expect(distributionOf(values, true).histogram).toEqual(Array(12).fill(1));
  // Of 1e-6 … 1e5 only these two are no part of the first twelfth.
  expect(distributionOf(values).histogram).toEqual([10, 1, ...Array(9).fill(0), 1]);
});

test("the smallest and the largest numbers there are have their places", () => {
  const { MIN_VALUE: least, MAX_VALUE: most } = Number;
  expect(distributionOf([-least, 0, 2 * least]).histogram).toEqual([1, 0, 0, 0, 1, ...Array(6).fill(0), 1]);
  expect(distributionOf([-most, 0, most]).histogram).toEqual([1, ...Array(5).fill(0), 1, ...Array(4).fill(0), 1]);
});

test("a single value stands in the middle, and none gives NaN", () => {
  expect(distributionOf([3, 3]).histogram[6]).toBe(2);
  expect(distributionOf([Number.NaN])).toMatchObject({ min: Number.NaN, median: Number.NaN, leftOut: 1 });
  expect(distributionOf([0, -1, 2], true)).toMatchObject({ min: -1, leftOut: 2 });
});
