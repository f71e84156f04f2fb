import fc from "fast-check";
import { expect, test } from "vitest";
import { changeBatch, describeChange, fittingScale, fittingShift, noChange } from "./input-changes.js";

const names = new Set(["data"]);

test("reverses channels first, then multiplies, then adds, and leaves other blobs alone", () => {
  const label = { shape: [2], data: Float32Array.of(3, 4) };
  const batch = new Map([
    ["data", { shape: [2, 3, 1, 2], data: Float32Array.from({ length: 12 }, (_, i) => i) }],
    ["label", label],
  ]);
  const result = changeBatch(batch, names, { isReversed: true, scale: 2, shift: [100, 0, -1] });
  expect([...(result.get("data")?.data ?? [])]).toEqual([108, 110, 4, 6, -1, 1, 120, 122, 16, 18, 11, 13]);
  expect(result.get("label")).toBe(label);
  expect([...(changeBatch(batch, names, noChange).get("data")?.data ?? [])]).toEqual([...Array(12).keys()]);
});

test("finds the scale and the shift of linear statistics", () => {
  const drawn = fc.record({
    means: fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 6, maxLength: 6 }),
    responses: fc.array(fc.array(fc.double({ min: 0.1, max: 2, noNaN: true }), { minLength: 6, maxLength: 6 }), {
      minLength: 1,
      maxLength: 3,
    }),
    scale: fc.constantFrom(1 / 256, 0.4, 3, 255),
  });
  fc.assert(
    fc.property(drawn, ({ means, responses, scale }) => {
      const shift = responses.map((_, i) => 0.5 * i - 0.3);
      // Responses that are nearly the same cannot be told apart.
      fc.pre(responses.every((a, i) => responses.every((b, j) => i === j || distance(a, b) > 0.5)));
      const measured = { mean: means, variance: means.map(() => 2) };
      const stored = {
        mean: means.map((value, c) => value + shift.reduce((sum, d, i) => sum + d * (responses[i]?.[c] ?? 0), 0)),
        variance: means.map(() => 2),
      };
      const found = fittingShift(stored, measured, responses);
      found?.forEach((value, i) => {
        expect(value).toBeCloseTo(shift[i] ?? 0, 4);
      });
      expect(found).toBeDefined();
      const wide = { mean: means, variance: means.map(() => 2 * scale * scale) };
      expect(fittingScale(wide, measured)).toBeCloseTo(scale, 6);
    }),
    { numRuns: 60 },
  );
});

function distance(a: readonly number[], b: readonly number[]): number {
  const norm = (values: readonly number[]) => Math.hypot(...values);
  const cosine = a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0) / (norm(a) * norm(b));
  return Math.sqrt(1 - Math.min(1, cosine * cosine));
}

test("has no scale for channels that differ each in their own way", () => {
  expect(
    fittingScale({ mean: [0, 0, 0], variance: [1, 9, 100] }, { mean: [0, 0, 0], variance: [1, 1, 1] }),
  ).toBeUndefined();
});

test("says the change in words, with the fraction that is meant", () => {
  expect(describeChange({ isReversed: false, scale: 1 / 256, shift: [] })).toBe("multiplied by about 0.003906 (1/256)");
  expect(describeChange({ isReversed: true, scale: 1, shift: [0.5, 0, -2] })).toBe(
    "their channels in reverse order (BGR and RGB), moved by about 0.5, 0, -2",
  );
});
