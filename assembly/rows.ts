import { indexOf } from "./labels";
import { copyRun, fillRun, scatterRun } from "./run";

// Rows of `width` values, picked by index out of `rows`.

/** Row i of y = row index[i] of x. A piece is a row of y. */
export function gatherRows(from: i32, to: i32, x: usize, index: usize, y: usize, rows: i32, width: i32): void {
  const bytes = (<usize>width) << 2;
  y += <usize>from * bytes;
  for (let i = from; i < to; ++i) {
    const row = indexOf(load<f32>(index + ((<usize>i) << 2)), rows);
    const source = x + <usize>row * bytes;
    if (row < 0) fillRun(y, width, NaN);
    else if (width >= 128) memory.copy(y, source, bytes);
    else copyRun(source, 1, y, width);
    y += bytes;
  }
}

/** Row index[i] of dx += row i of dy, for `count` rows. A piece is a column: several rows may be added to the same one. */
export function scatterRows(
  from: i32,
  to: i32,
  dy: usize,
  index: usize,
  dx: usize,
  count: i32,
  rows: i32,
  width: i32,
): void {
  const bytes = (<usize>width) << 2;
  const start = (<usize>from) << 2;
  dy += start;
  dx += start;
  for (let i = 0; i < count; ++i) {
    const row = indexOf(load<f32>(index + ((<usize>i) << 2)), rows);
    if (row >= 0) scatterRun(dx + <usize>row * bytes, 1, dy, to - from, 1);
    dy += bytes;
  }
}
