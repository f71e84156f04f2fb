import { expect, test } from "vitest";
import { aligned, smoothed, thinned, toCsv } from "./curve.js";

const points = (...values: readonly number[]) => values.map((value, iter) => ({ iter, value }));

test("smoothing starts at the first value, and passes over what is no number", () => {
  expect(smoothed(points(4, 4, 4), 0.9).map(({ value }) => value)).toEqual(
    [4, 4, 4].map((each) => expect.closeTo(each, 10)),
  );
  expect(smoothed(points(1, Number.NaN, 3), 0.5).map(({ value }) => value)).toEqual([
    1,
    1,
    expect.closeTo((0.25 * 1 + 0.5 * 3) / 0.75, 10),
  ]);
  expect(smoothed(points(1, 2), 0)).toEqual(points(1, 2));
});

test("long lines are thinned, and keep their ends", () => {
  const line = thinned(points(...Array.from({ length: 1000 }, (_, i) => i)), 10);
  expect(line).toHaveLength(10);
  expect([line[0]?.iter, line.at(-1)?.iter]).toEqual([0, 999]);
});

test("lines share one axis, with gaps", () => {
  expect(
    aligned([
      [
        { iter: 0, value: 1 },
        { iter: 2, value: Number.NaN },
      ],
      [{ iter: 1, value: 5 }],
    ]),
  ).toEqual([
    [0, 1, 2],
    [1, null, null],
    [null, 5, null],
  ]);
  expect(toCsv([{ name: 'a "b"', points: points(1, 2) }])).toBe('iteration,"a ""b"""\n0,1\n1,2\n');
});
