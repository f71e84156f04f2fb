/** The middle one of so many numbers; of an even count the upper. */
export function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
