import { expect, it } from "vitest";
import { filled } from "../../test/filled.js";
import { Random } from "../util/random.js";

it("draws uniform numbers and divides those of each output by their sum", () => {
  const drawn = new Float32Array(60);
  new Random(4).uniform(drawn, 0, 1);
  const values = filled({ type: "positive_unitball" }, [3, 4, 5], 4);
  for (let start = 0; start < 60; start += 20) {
    const sum = drawn.subarray(start, start + 20).reduce((total, value) => total + value, 0);
    for (let i = start; i < start + 20; i++) expect(values[i]).toBeCloseTo(drawn[i] / sum, 6);
  }
});

it("refuses a scalar, which has no outputs", () => {
  expect(() => filled({ type: "positive_unitball" }, [])).toThrow(/^positive_unitball filler: needs at least one axis/);
});
