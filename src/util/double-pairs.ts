// Numbers in double precision, stored as two of single precision each: the rounded value, and what rounding left over. So an
// engine of single precision keeps 48 bits of a sum. Spans and arrays hold the high parts of all values first, then the low ones.

/** The rounded value and the rest. The rest of a value that is not finite in single precision is 0. */
function splitDouble(value: number): readonly [high: number, low: number] {
  const high = Math.fround(value);
  return [high, Number.isFinite(high) ? Math.fround(value - high) : 0];
}

/** Writes the values as pairs into `pairs`, which has twice as many numbers. */
export function writePairs(values: ArrayLike<number>, pairs: { [index: number]: number }): void {
  for (let i = 0; i < values.length; i++) {
    const [high, low] = splitDouble(values[i] as number);
    pairs[i] = high;
    pairs[values.length + i] = low;
  }
}

/** Reads the values that `writePairs` wrote, half as many as there are numbers, into the first places of `values`. */
export function readPairs(pairs: ArrayLike<number>, values: { [index: number]: number }): void {
  const count = pairs.length / 2;
  for (let i = 0; i < count; i++) values[i] = (pairs[i] as number) + (pairs[count + i] as number);
}
