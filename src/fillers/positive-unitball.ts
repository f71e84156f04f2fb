import type { Fill } from "../core/catalog.js";
import { checkFiller } from "./check.js";

/**
 * x ~ U[0, 1], then divided by the sum over all axes except the first: the values of each output are positive and
 * add up to 1. No parameters.
 */
export const positiveUnitball: Fill = (filler, shape) => {
  const [outputs] = shape;
  checkFiller(filler, outputs !== undefined, "MOKA_SHAPE", "needs at least one axis, a scalar has none");
  return (values, random) => {
    random.uniform(values, 0, 1);
    const size = values.length / outputs;
    for (let start = 0; start < values.length; start += size) {
      const row = values.subarray(start, start + size);
      const sum = row.reduce((total, value) => Math.fround(total + value), 0);
      for (let i = 0; i < size; i++) row[i] = (row[i] ?? 0) / sum;
    }
  };
};
