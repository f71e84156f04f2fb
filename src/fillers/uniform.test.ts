import { expect, it } from "vitest";
import { filled } from "../../test/filled.js";
import { Random } from "../util/random.js";

it("draws from min to max, 0 to 1 by default", () => {
  const expected = new Float32Array(40);
  new Random(8).uniform(expected, -2, 5);
  expect(filled({ type: "uniform", min: -2, max: 5 }, [8, 5], 8)).toEqual(expected);
  new Random(8).uniform(expected, 0, 1);
  expect(filled({ type: "uniform" }, [8, 5], 8)).toEqual(expected);
});

it("refuses an invalid range", () => {
  const inf = Number.POSITIVE_INFINITY;
  for (const [min, max] of [
    [1, 0.5],
    [Number.NaN, 1],
    [0, inf],
    [-inf, 0],
  ] as const) {
    expect(() => filled({ type: "uniform", min, max }, [3])).toThrow(
      `uniform filler: min and max must be finite, min not above max; they are ${min} and ${max}`,
    );
  }
});
