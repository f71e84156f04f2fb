import type { Fill } from "../core/catalog.js";
import { checkFiller } from "./check.js";
import { pieces } from "./pieces.js";

/**
 * x ~ U[min, max], both ends included.
 *
 * - `min` (0), `max` (1): finite, min ≤ max
 */
export const uniform: Fill = (filler) => {
  const { min, max } = filler;
  checkFiller(
    filler,
    Number.isFinite(min) && Number.isFinite(max) && min <= max,
    "MOKA_FIELD",
    `min and max must be finite, min not above max; they are ${min} and ${max}`,
    "min",
  );
  return (values, random) => pieces(values, (piece) => random.uniform(piece, min, max));
};
