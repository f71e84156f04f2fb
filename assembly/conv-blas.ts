import { gatherColumns, scatterColumns } from "./columns";
import { address } from "./conv";
import { Geometry } from "./conv-geometry";
import { sgemm } from "./env";
import { Finish } from "./finish";
import { copyRun } from "./run";

// Convolution as products of the native BLAS with blocks of the column matrix. (BVLC Caffe does the same with the whole
// matrix of one image.) A block has at most `most` columns: of one image, or of several images where they have fewer.
// Scratch memory after the table holds the columns, and, after these, for several images, their outputs side by side.
// The table of each call is its geometry.

/** The number of columns, at most `most`, of the block that begins at this column. */
function blockFrom(g: Geometry, column: i32, left: i32, most: i32): i32 {
  if (most > g.positions) return min(most, left);
  const rest = min(g.positions - (column % g.positions), left);
  const blocks = (rest + most - 1) / most;
  return min(rest, ((rest + blocks - 1) / blocks + 15) & ~15);
}

/** Rows [row, row + rows) of the column matrix, dense. */
function gather(g: Geometry, x: usize, row: i32, rows: i32, column: i32, columns: i32, to: usize): void {
  for (let i = 0; i < rows; ++i) {
    gatherColumns(g, x, row + i, column, column + columns, to);
    to += (<usize>columns) << 2;
  }
}

/** Copies outputs between their place in images and a dense block with one row for each output. */
function moveOutputs(g: Geometry, y: usize, column: i32, columns: i32, block: usize, isBack: bool): void {
  for (let j = 0; j < columns; ) {
    const count = min(columns - j, g.positions - ((column + j) % g.positions));
    let place = address(g, y, column + j);
    let row = block + ((<usize>j) << 2);
    for (let output = 0; output < g.outputs; ++output) {
      if (isBack) copyRun(row, 1, place, count);
      else copyRun(place, 1, row, count);
      place += g.outputPlane;
      row += (<usize>columns) << 2;
    }
    j += count;
  }
}

/** The address of the columns from `column` on in one image, if the image itself is the column matrix. */
function inputAt(g: Geometry, x: usize, column: i32): usize {
  const imageBytes = g.inputPlane * <usize>(g.group * g.channels);
  return x + imageBytes * <usize>(column / g.positions) + ((<usize>(column % g.positions)) << 2);
}

/**
 * y = act(multiplier·(w ∗ x) + bias), as `Finish` has it. A piece is 8 output positions, counted through all images, or, with
 * `byRows`, 16 outputs of the one group of the one image.
 */
export function convBlas(
  from: i32,
  to: i32,
  x: usize,
  w: usize,
  multiplier: usize,
  bias: usize,
  y: usize,
  negativeSlope: f32,
  most: i32,
  byRows: bool,
): void {
  const g = Geometry.current;
  const depth = g.channels * g.taps;
  const first = byRows ? 0 : from * 8;
  const last = byRows ? g.positions : min(g.n * g.positions, to * 8);
  const row = byRows ? from * 16 : 0;
  const rows = (byRows ? min(g.outputs, to * 16) : g.outputs) - row;
  const weights = (<usize>(row * depth)) << 2;
  const plane = <usize>row * g.outputPlane;
  const buffer = g.scratch;
  const block = buffer + ((<usize>(depth * most)) << 2);
  const pointwise = g.isPointwise;
  const end = block + ((<usize>(g.outputs * most)) << 2);
  for (let group = 0; group < g.group; ++group) {
    const finish = Finish.at((end + 63) & ~63, multiplier, bias, negativeSlope, row);
    for (let column = first; column < last; ) {
      const columns = blockFrom(g, column, last - column, most);
      const isOne = (column % g.positions) + columns <= g.positions;
      const direct = isOne && pointwise;
      if (!direct) gather(g, x, 0, depth, column, columns, buffer);
      const right = direct ? inputAt(g, x, column) : buffer;
      const ldb = direct ? g.positions : columns;
      if (isOne) {
        const target = address(g, y, column) + plane;
        sgemm(false, false, rows, columns, depth, 1, w + weights, depth, right, ldb, 0, target, g.positions);
        if (finish) finish.tile(0, rows, columns, target, g.outputPlane);
      } else {
        sgemm(false, false, g.outputs, columns, depth, 1, w, depth, right, ldb, 0, block, columns);
        if (finish) finish.tile(0, g.outputs, columns, block, (<usize>columns) << 2);
        moveOutputs(g, y, column, columns, block, true);
      }
      column += columns;
    }
    x += g.inputPlane * <usize>g.channels;
    w += (<usize>(g.outputs * depth)) << 2;
    y += g.outputPlane * <usize>g.outputs;
    if (multiplier) multiplier += (<usize>g.outputs) << 2;
    if (bias) bias += (<usize>g.outputs) << 2;
  }
}

/**
 * dx = wᵀ ∗ dy. `images` images are processed at a time; a piece is one channel of these images.
 *
 * @param most the most columns in a block; for several images, all their columns
 */
export function convBlasBackwardData(from: i32, to: i32, dy: usize, w: usize, dx: usize, images: i32, most: i32): void {
  const g = Geometry.current;
  const depth = g.channels * g.taps;
  const all = g.group * g.channels;
  const buffer = g.scratch;
  const block = buffer + ((<usize>(depth * most)) << 2);
  const direct = images == 1 && g.isPointwise;
  for (let piece = from; piece < to; ) {
    const image = (piece / all) * images;
    const channel = piece % all;
    const group = channel / g.channels;
    const first = channel % g.channels;
    const count = min(to - piece, g.channels - first);
    const outputs = dy + g.outputPlane * <usize>(group * g.outputs);
    const weights = w + ((<usize>((group * g.outputs * g.channels + first) * g.taps)) << 2);
    const target = dx + g.inputPlane * <usize>channel;
    const end = min(g.n, image + images) * g.positions;
    if (!direct) {
      for (let i = image; i < min(g.n, image + images); ++i) {
        memory.fill(target + g.inputPlane * <usize>(i * all), 0, g.inputPlane * <usize>count);
      }
    }
    const rows = count * g.taps;
    for (let column = image * g.positions; column < end; ) {
      const columns = images == 1 ? blockFrom(g, column, end - column, min(most, g.positions)) : end - column;
      const isOne = (column % g.positions) + columns <= g.positions;
      if (!isOne) moveOutputs(g, outputs, column, columns, block, false);
      const right = isOne ? address(g, outputs, column) : block;
      const ldb = isOne ? g.positions : columns;
      const to = direct ? inputAt(g, target, column) : buffer;
      const ldc = direct ? g.positions : columns;
      sgemm(true, false, rows, columns, g.outputs, 1, weights, depth, right, ldb, 0, to, ldc);
      if (!direct) {
        for (let i = 0; i < rows; ++i) {
          scatterColumns(g, target, i, column, column + columns, buffer + ((<usize>(i * columns)) << 2));
        }
      }
      column += columns;
    }
    piece += count;
  }
}

/** dw += dy·columnsᵀ, over the positions of all images. A piece is 4 rows of the column matrix. */
export function convBlasBackwardWeights(from: i32, to: i32, x: usize, dy: usize, dw: usize, most: i32): void {
  const g = Geometry.current;
  const depth = g.channels * g.taps;
  const total = g.n * g.positions;
  const first = from * 4;
  const rows = min(depth, to * 4) - first;
  const buffer = g.scratch;
  const block = buffer + ((<usize>(depth * most)) << 2);
  const pointwise = g.isPointwise;
  for (let group = 0; group < g.group; ++group) {
    for (let column = 0; column < total; ) {
      const columns = blockFrom(g, column, total - column, most);
      const isOne = (column % g.positions) + columns <= g.positions;
      if (!isOne) moveOutputs(g, dy, column, columns, block, false);
      const left = isOne ? address(g, dy, column) : block;
      const lda = isOne ? g.positions : columns;
      const direct = isOne && pointwise;
      if (!direct) gather(g, x, first, rows, column, columns, buffer);
      const right = direct ? inputAt(g, x, column) + g.inputPlane * <usize>first : buffer;
      const ldb = direct ? g.positions : columns;
      const target = dw + ((<usize>first) << 2);
      sgemm(false, true, g.outputs, rows, columns, 1, left, lda, right, ldb, 1, target, depth);
      column += columns;
    }
    x += g.inputPlane * <usize>g.channels;
    dy += g.outputPlane * <usize>g.outputs;
    dw += (<usize>(g.outputs * depth)) << 2;
  }
}
