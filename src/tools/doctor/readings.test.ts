import fc from "fast-check";
import { expect, test } from "vitest";
import { readingOf } from "./readings.js";

const channels = fc.integer({ min: 4, max: 12 });
/** Statistics as a layer measures them; the averages are a little older. */
const statistics = channels.chain((count) =>
  fc.record({
    mean: fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: count, maxLength: count }),
    // Far enough from 1 for σ and variance to differ.
    spread: fc.array(fc.double({ min: -2, max: -0.7, noNaN: true }), { minLength: count, maxLength: count }),
  }),
);
const settings = { eps: 1e-5, fraction: 0.999 };

function measuredOf({ mean, spread }: { mean: number[]; spread: number[] }) {
  return { mean: mean.map((value) => value + 0.5), variance: spread.map((value) => 10 ** value) };
}

test.each([
  ["σ, not the variance", (m: number[], v: number[]) => ({ mean: m, variance: v.map(Math.sqrt), factor: 1 })],
  [
    "1/σ, not the variance",
    (m: number[], v: number[]) => ({ mean: m, variance: v.map((x) => 1 / Math.sqrt(x)), factor: 1 }),
  ],
  ["the variance first", (m: number[], v: number[]) => ({ mean: v, variance: m, factor: 1 })],
  ["for a factor of 1, and 0 as factor", (m: number[], v: number[]) => ({ mean: m, variance: v, factor: 0 })],
  [
    "still to be divided by about",
    (m: number[], v: number[]) => ({ mean: m.map((x) => 40 * x), variance: v.map((x) => 40 * x), factor: 1 }),
  ],
  ["divided by the factor already", (m: number[], v: number[]) => ({ mean: m, variance: v, factor: 999.98 })],
] as const)("blobs that hold %s are read so", (text, written) => {
  fc.assert(
    fc.property(statistics, (drawn) => {
      const measured = measuredOf(drawn);
      const { mean, variance, factor } = written(measured.mean, measured.variance);
      const blobs = { mean: Float32Array.from(mean), variance: Float32Array.from(variance), factor };
      const reading = readingOf(blobs, measured, settings, 0.1);
      expect(reading?.text).toContain(text);
      expect(reading?.divergence).toBeLessThan(1e-3);
    }),
    { numRuns: 50 },
  );
});

test("blobs that fit as they are have no other reading, and neither have random ones", () => {
  fc.assert(
    fc.property(statistics, statistics, (drawn, other) => {
      const [measured, unrelated] = [measuredOf(drawn), measuredOf(other)];
      const blobs = (from: typeof measured) => ({
        mean: Float32Array.from(measured.mean, (_, c) => (from.mean[c] ?? 0) * 20),
        variance: Float32Array.from(measured.mean, (_, c) => (from.variance[c] ?? 0.01) * 20),
        factor: 20,
      });
      expect(readingOf(blobs(measured), measured, settings, 0.1)).toBeUndefined();
      const far = { mean: unrelated.mean.map((value) => 7 * value + 11), variance: unrelated.variance };
      expect(readingOf(blobs(far), measured, settings, 0.1)).toBeUndefined();
    }),
    { numRuns: 50 },
  );
});
