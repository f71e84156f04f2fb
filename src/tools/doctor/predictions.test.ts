import { expect, test } from "vitest";
import { exchangeOf } from "./predictions.js";

const of = (classes: number, rows: readonly (readonly number[])[]) => {
  const table = Float64Array.from(rows.flat());
  const count = table.reduce((a, b) => a + b, 0);
  const right = rows.reduce((sum, row, label) => sum + (row[label] ?? 0), 0);
  return { classes, count, table, accuracy: right / count, chance: 1 / classes };
};

test("an exchange is what the net says most for each label", () => {
  expect(
    exchangeOf(
      of(3, [
        [0, 9, 1],
        [1, 0, 9],
        [8, 2, 0],
      ]),
    ),
  ).toEqual({ says: [1, 2, 0], accuracy: 26 / 30 });
});

test("there is none where two labels get the same class; a label that does not occur counts not", () => {
  expect(
    exchangeOf(
      of(3, [
        [5, 5, 0],
        [9, 1, 0],
        [0, 0, 10],
      ]),
    ),
  ).toBeUndefined();
  expect(
    exchangeOf(
      of(3, [
        [0, 10, 0],
        [10, 0, 0],
        [0, 0, 0],
      ]),
    ),
  ).toMatchObject({ accuracy: 1 });
});
