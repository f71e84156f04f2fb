export function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** The largest distance of two values; infinite if the lengths differ or a distance is no number. */
export function distance(actual: ArrayLike<number> | undefined, expected: ArrayLike<number>): number {
  if (actual?.length !== expected.length) return Number.POSITIVE_INFINITY;
  const distances = Array.from(actual, (value, i) => Math.abs(value - (expected[i] ?? Number.NaN)));
  return distances.some(Number.isNaN) ? Number.POSITIVE_INFINITY : largest(distances);
}
