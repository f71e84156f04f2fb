import { Lanes } from "./lanes";
import { copyRun } from "./run";
import { workspace } from "./workspace";

// y = x with its axes in another order. The workspace begins with `outer` triples: the size of an axis, and how many values its
// neighbours are apart in x and in y. Two more axes are the rows and columns of a matrix, whose columns lie side by side in y.

/** A piece is a band of `band` rows of one matrix. */
export function permute(
  from: i32,
  to: i32,
  x: usize,
  y: usize,
  outer: i32,
  rows: i32,
  columns: i32,
  band: i32,
  xRow: usize,
  xColumn: usize,
  yRow: usize,
): void {
  const bands = (rows + band - 1) / band;
  for (let piece = from; piece < to; ++piece) {
    const row = (piece % bands) * band;
    let source = x + <usize>row * xRow;
    let target = y + <usize>row * yRow;
    let place = piece / bands;
    for (let axis = workspace + <usize>(12 * (outer - 1)); axis >= workspace && place > 0; axis -= 12) {
      const size = load<i32>(axis);
      const index = <usize>(place % size);
      source += (index * load<u32>(axis, 4)) << 2;
      target += (index * load<u32>(axis, 8)) << 2;
      place /= size;
    }
    const count = min(band, rows - row);
    if (xColumn == 4) copyBand(source, target, count, columns, xRow, yRow);
    else if (count < 4) pickBand(source, target, count, columns, xRow, xColumn, yRow);
    else transposeBand(source, target, count, columns, xColumn, yRow);
  }
}

function copyBand(x: usize, y: usize, rows: i32, columns: i32, xRow: usize, yRow: usize): void {
  for (; rows > 0; --rows) {
    if (columns >= 128) memory.copy(y, x, (<usize>columns) << 2);
    else copyRun(x, 1, y, columns);
    x += xRow;
    y += yRow;
  }
}

/** Few rows: value after value of each. */
function pickBand(x: usize, y: usize, rows: i32, columns: i32, xRow: usize, xColumn: usize, yRow: usize): void {
  for (; rows > 0; --rows) {
    copyRun(x, <i32>(xColumn >> 2), y, columns);
    x += xRow;
    y += yRow;
  }
}

/** The rows lie side by side in x: blocks of 4×4 values, and what remains. */
function transposeBand(x: usize, y: usize, rows: i32, columns: i32, xColumn: usize, yRow: usize): void {
  const one = f32x4.splat(1);
  for (; columns >= 4; columns -= 4) {
    let source = x;
    let target = y;
    let left = rows;
    for (; left >= 4; left -= 4) {
      Lanes.transpose(source, xColumn, target, yRow, one);
      source += 16;
      target += yRow << 2;
    }
    for (; left > 0; --left) {
      copyRun(source, <i32>(xColumn >> 2), target, 4);
      source += 4;
      target += yRow;
    }
    x += xColumn << 2;
    y += 16;
  }
  for (; columns > 0; --columns) {
    let target = y;
    for (let row = 0; row < rows; ++row) {
      store<f32>(target, load<f32>(x + ((<usize>row) << 2)));
      target += yRow;
    }
    x += xColumn;
    y += 4;
  }
}
