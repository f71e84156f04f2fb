import type { Layer } from "../../core/layer.js";

/**
 * The natural logarithm of a base from a prototxt, where −1 means e.
 *
 * @param field the name of the base in the prototxt
 * @throws MokaError `MOKA_FIELD` unless it is −1, or positive and finite
 */
export function logOfBase(layer: Layer, base: number, field: string): number {
  if (base === -1) return 1;
  layer.check(
    base > 0 && base < Number.POSITIVE_INFINITY,
    "MOKA_FIELD",
    `${field} must be greater than 0, or -1 for e, not ${base}`,
  );
  return Math.log(base);
}
