import type { Fill } from "../core/catalog.js";
import type { Random } from "../util/random.js";
import { formatShape } from "../util/shape.js";
import { checkFiller } from "./check.js";
import { pieces } from "./pieces.js";

/**
 * x ~ N(mean, std²).
 *
 * - `mean` (0)
 * - `std` (1): greater than 0
 * - `sparse` (-1, no value becomes 0): 0 to shape[0]; each value becomes 0 with probability 1 − sparse / shape[0].
 *   Caffe means the average number of inputs of an output with a weight other than 0, but divides by the number of
 *   outputs, the first axis. All normal numbers are drawn first, then the mask.
 */
export const gaussian: Fill = (filler, shape) => {
  const { mean, std, sparse } = filler;
  const [outputs] = shape;
  checkFiller(filler, std > 0, "MOKA_FIELD", `std must be above 0, not ${std}`, "std");
  checkFiller(
    filler,
    sparse === -1 || (outputs !== undefined && sparse >= 0 && sparse <= outputs),
    "MOKA_FIELD",
    `sparse must be from 0 to the size of the first axis, or -1 for none, not ${sparse} for ${formatShape(shape)}`,
    "sparse",
  );
  return (values, random) => {
    const all = pieces(values, (piece) => random.gaussian(piece, mean, std));
    if (sparse === -1 || outputs === undefined) return all;
    return thenMasked(all, values, Math.fround(sparse) / Math.fround(outputs), random);
  };
};

function* thenMasked(drawn: Iterable<void>, values: Float32Array, chance: number, random: Random): Iterable<void> {
  yield* drawn;
  yield* pieces(values, (piece) => {
    const mask = new Float32Array(piece.length);
    random.bernoulli(mask, chance, "float");
    for (let i = 0; i < piece.length; i++) piece[i] = (piece[i] ?? 0) * (mask[i] ?? 0);
  });
}
