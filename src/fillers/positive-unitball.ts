import type { Fill } from "../core/catalog.js";
import type { Random } from "../util/random.js";
import { checkFiller } from "./check.js";
import { pieces } from "./pieces.js";

/**
 * x ~ U[0, 1], then divided by the sum over all axes except the first: the values of each output are positive and
 * add up to 1. No parameters.
 */
export const positiveUnitball: Fill = (filler, shape) => {
  const [outputs] = shape;
  checkFiller(filler, outputs !== undefined, "MOKA_SHAPE", "needs at least one axis, a scalar has none");
  return (values, random) => unitRows(values, values.length / outputs, random);
};

function* unitRows(values: Float32Array, size: number, random: Random): Iterable<void> {
  yield* pieces(values, (piece) => random.uniform(piece, 0, 1));
  for (let start = 0; start < values.length; start += size) {
    const row = values.subarray(start, start + size);
    const sum = row.reduce((total, value) => Math.fround(total + value), 0);
    for (let i = 0; i < size; i++) row[i] = (row[i] ?? 0) / sum;
    yield;
  }
}
