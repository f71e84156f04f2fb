import type { Fill } from "../core/catalog.js";

/**
 * x = value.
 *
 * - `value` (0)
 *
 * Draws nothing.
 */
export const constant: Fill = (filler, _shape, values) => {
  values.fill(filler.value);
};
