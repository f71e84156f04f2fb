/** Draws this many values in one piece: a few milliseconds of work. */
const size = 2 ** 18;

/** Fills `values` piece by piece. `draw` must continue, in each piece, what it did in the one before. */
export function* pieces(values: Float32Array, draw: (piece: Float32Array) => void): Iterable<void> {
  for (let start = 0; start < values.length; start += size) {
    draw(values.subarray(start, start + size));
    yield;
  }
}
