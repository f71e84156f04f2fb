import { expect, test } from "vitest";
import { readPairs, writePairs } from "./double-pairs.js";

test("48 bits of a number come through memory of single precision", () => {
  const values = [Math.PI, -1e10 / 3, 1 + 2 ** -40, 1e-30 / 7, 0, 2 ** 24 + 1];
  const pairs = new Float32Array(2 * values.length);
  writePairs(values, pairs);
  const read = new Float64Array(values.length);
  readPairs(pairs, read);
  for (const [i, value] of values.entries()) {
    // Single precision has no digits below 2⁻¹⁴⁹.
    const bound = Math.max(2 ** -48 * Math.abs(value), 2 ** -150);
    expect(Math.abs((read[i] as number) - value)).toBeLessThanOrEqual(bound);
  }
});

test("what is not finite stays so, and what single precision cannot hold is infinite", () => {
  const pairs = new Float32Array(8);
  writePairs([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300], pairs);
  const read = new Float64Array(4);
  readPairs(pairs, read);
  expect([...read]).toEqual([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
});
