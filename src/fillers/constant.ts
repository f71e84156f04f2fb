import type { Fill } from "../core/catalog.js";

/**
 * x = value.
 *
 * - `value` (0)
 *
 * No random draws.
 */
export const constant: Fill = ({ value }) => {
  return (values) => void values.fill(value);
};
