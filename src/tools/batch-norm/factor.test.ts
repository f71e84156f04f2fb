import fc from "fast-check";
import { expect, test } from "vitest";
import { readFactor } from "./factor.js";

/** As the layer keeps it: a float, updated n times. */
function factorAfter(n: number, f: number): number {
  let s = 0;
  for (let i = 0; i < n; i++) s = Math.fround(Math.fround(f) * s + 1);
  return s;
}

test("the number of updates is read off a factor that has seen them", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 4000 }), fc.constantFrom(0.9, 0.99, 0.999, 0.9997), (n, f) => {
      const { state, updates } = readFactor(factorAfter(n, f), Math.fround(f));
      if (n * (1 - f) < 5) {
        expect(state).toBe("growing");
        expect(Math.abs((updates ?? 0) / n - 1)).toBeLessThan(0.02);
      }
      if (n * (1 - f) > 8) expect(state).toBe("saturated");
    }),
    { numRuns: 40 },
  );
});

test("each kind of factor says what it is", () => {
  expect(readFactor(0, 0.999)).toEqual({ state: "empty", text: "0: never trained" });
  expect(readFactor(1, 0.999)).toEqual({ state: "converted", updates: 1, text: "1: converted, or a single update" });
  expect(readFactor(259.2, 0.999)).toEqual({ state: "growing", updates: 300, text: "259.2: about 300 updates" });
  expect(readFactor(999.982, 0.999)).toEqual({
    state: "saturated",
    text: "999.982: saturated, over 9205 updates",
  });
  expect(readFactor(999.982, 0.9)).toMatchObject({ state: "too large" });
  expect(readFactor(-3, 0.999)).toMatchObject({ state: "invalid" });
  expect(readFactor(Number.NaN, 0.999)).toMatchObject({ state: "invalid" });
  expect(readFactor(7, 1)).toMatchObject({ updates: 7 });
  expect(readFactor(1, 0).state).toBe("converted");
  expect(readFactor(1.5, 0).state).toBe("too large");
});
