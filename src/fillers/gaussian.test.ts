import { describe, expect, it } from "vitest";
import { filled } from "../../test/filled.js";
import { Random } from "../util/random.js";

it("draws with mean and std, 0 and 1 by default", () => {
  const expected = new Float32Array(40);
  new Random(8).gaussian(expected, 3, 0.5);
  expect(filled({ type: "gaussian", mean: 3, std: 0.5 }, [8, 5], 8)).toEqual(expected);
  new Random(8).gaussian(expected, 0, 1);
  expect(filled({ type: "gaussian" }, [8, 5], 8)).toEqual(expected);
});

it("refuses a std that is not positive", () => {
  for (const std of [0, -1, Number.NaN]) {
    expect(() => filled({ type: "gaussian", std }, [3])).toThrow(`gaussian filler: std must be above 0, not ${std}`);
  }
});

describe("sparse", () => {
  it("keeps sparse of shape[0] values on average, which are the same as without sparse", () => {
    const dense = filled({ type: "gaussian" }, [50, 400]);
    const sparse = filled({ type: "gaussian", sparse: 10 }, [50, 400]);
    const kept = sparse.filter((value) => value !== 0).length;
    expect(Math.abs(kept - (50 * 400 * 10) / 50)).toBeLessThan(250);
    expect(sparse.every((value, i) => value === 0 || value === dense[i])).toBe(true);
  });

  it("keeps all or no values at its limits", () => {
    expect(filled({ type: "gaussian", sparse: 7 }, [7, 3])).toEqual(filled({ type: "gaussian" }, [7, 3]));
    expect(filled({ type: "gaussian", sparse: 0 }, [7, 3]).every((value) => value === 0)).toBe(true);
  });

  it("refuses more than there are outputs, less than -1, and scalars", () => {
    for (const [sparse, shape] of [
      [8, [7, 3]],
      [-2, [7, 3]],
      [0, []],
    ] as const) {
      expect(() => filled({ type: "gaussian", sparse }, shape)).toThrow(/^gaussian filler: sparse must be from 0 to/);
    }
  });
});
