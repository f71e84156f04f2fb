import fc from "fast-check";
import { expect, test } from "vitest";
import { Moments } from "./moments.js";

const batches = fc
  .record({ channels: fc.integer({ min: 1, max: 3 }), inner: fc.integer({ min: 1, max: 4 }) })
  .chain(({ channels, inner }) =>
    fc
      .array(
        fc.integer({ min: 1, max: 4 }).chain((n) =>
          fc
            .array(fc.double({ min: -100, max: 100, noNaN: true }), {
              minLength: n * channels * inner,
              maxLength: n * channels * inner,
            })
            .map((values) => ({ n, values: Float64Array.from(values) })),
        ),
        { minLength: 2, maxLength: 5 },
      )
      .map((list) => ({ channels, inner, list })),
  );

/** All values of a channel, of all batches. */
function valuesOf({
  channels,
  inner,
  list,
}: {
  channels: number;
  inner: number;
  list: readonly { values: Float64Array }[];
}) {
  return Array.from({ length: channels }, (_, c) =>
    list.flatMap(({ values }) => [...values].filter((_, i) => Math.floor(i / inner) % channels === c)),
  );
}

const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

test("batches pooled are as one batch of all values", () => {
  fc.assert(
    fc.property(batches, (given) => {
      const { channels, inner, list } = given;
      const moments = new Moments(channels);
      for (const { n, values } of list) moments.add(values, [n, channels, inner]);
      valuesOf(given).forEach((values, c) => {
        const mean = meanOf(values);
        const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
        expect(moments.mean[c]).toBeCloseTo(mean, 8);
        expect(moments.variance(true)[c]).toBeCloseTo(squares / (values.length - 1), 6);
        expect(moments.variance(false)[c]).toBeCloseTo(squares / values.length, 6);
      });
    }),
  );
});

test("a large mean leaves a small variance its digits", () => {
  const moments = new Moments(1);
  for (const sign of [1, -1]) moments.add(Float64Array.from([1e6 + sign * 1e-3, 1e6 - sign * 1e-3]), [2, 1]);
  expect(moments.variance(false)[0]).toBeCloseTo(1e-6, 9);
});

test("the variances of batches have their own mean, without what the means of the batches differ by", () => {
  const moments = new Moments(1);
  moments.add(Float32Array.from([0, 2]), [2, 1]);
  moments.add(Float32Array.from([10, 16]), [2, 1]);
  expect(moments.meanOfVariances()).toEqual(Float64Array.from([10]));
  const single = new Moments(1);
  single.add(Float32Array.from([3]), [1, 1]);
  expect(single.meanOfVariances()).toEqual(Float64Array.from([0]));
});

test("the means of batches have their own variance, which one batch cannot tell", () => {
  const moments = new Moments(1);
  moments.add(Float32Array.from([0, 2]), [2, 1]);
  expect(moments.varianceOfMeans()).toBeUndefined();
  moments.add(Float32Array.from([4, 6]), [2, 1]);
  expect(moments.varianceOfMeans()).toEqual(Float64Array.from([8]));
  expect(() => moments.add(Float32Array.from([1, 2]), [1, 2])).toThrow(/1 2 \(2\) where there were 1 channels/);
});
