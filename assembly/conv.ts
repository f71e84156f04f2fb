import { gatherColumns, scatterColumns } from "./columns";
import { Geometry } from "./conv-geometry";
import { Finish, finishBytes } from "./finish";
import {
  blockOf,
  blockProduct,
  gemmScratch,
  maxColumns,
  maxRows,
  maxSteps,
  panelProduct,
  putTile,
  Scratch,
} from "./gemm";
import { tall } from "./micro";
import { Panels, packA, packB, packTransposedB } from "./pack";
import { copyRun } from "./run";

// Convolution as a product with the column matrix, block by block. Positions of all images stand side by side in one
// matrix, so that small images fill blocks too. The table of each call is its geometry.

const bytesBlock: usize = 4 * <usize>maxRows * <usize>maxColumns;

/** Scratch bytes after the table: those of products, a block of C, 8 rows as wide as a block, and a `Finish`. */
export const convScratch: usize = gemmScratch + bytesBlock + 4 * 8 * <usize>maxColumns + finishBytes;

class ConvScratch {
  /** A block of C. */
  @inline
  static block(base: usize): usize {
    return Scratch.rest(base);
  }

  /** Rows not yet packed. */
  @inline
  static rows(base: usize): usize {
    return Scratch.rest(base) + bytesBlock;
  }

  /** A `Finish`. */
  @inline
  static finish(base: usize): usize {
    return Scratch.rest(base) + bytesBlock + 4 * 8 * <usize>maxColumns;
  }
}

/** Packs the weights of all groups in the layout that `conv` reads from `kept`. A piece is a panel, counted through the groups. */
export function convWeights(from: i32, to: i32, w: usize, outputs: i32, depth: i32, kept: usize): void {
  const kc = blockOf(depth, maxSteps, 4);
  const panels = Panels.count(outputs);
  for (let piece = from; piece < to; ++piece) {
    const row = Panels.start(piece % panels, outputs);
    const rows = Panels.start((piece % panels) + 1, outputs) - row;
    const group = piece / panels;
    for (let step = 0; step < depth; step += kc) {
      const steps = min(kc, depth - step);
      const source = w + ((<usize>((group * outputs + row) * depth + step)) << 2);
      packA(
        source,
        (<usize>depth) << 2,
        4,
        rows,
        steps,
        1,
        keptBlock(kept, outputs, depth, group, step, row),
        0,
        steps,
      );
    }
  }
}

/** The address of the packed weights from this row on, for the block of steps that begins at `step`. */
function keptBlock(kept: usize, outputs: i32, depth: i32, group: i32, step: i32, row: i32): usize {
  const packed = Panels.filled(outputs);
  const steps = min(blockOf(depth, maxSteps, 4), depth - step);
  return kept + ((<usize>(packed * (group * depth + step) + row * steps)) << 2);
}

/**
 * y = act(multiplier·(w ∗ x) + bias), as `Finish` has it. A piece is 8 output positions, counted through all images, or, with
 * `byRows`, a panel of outputs of the one group. Each thread packs its part of the columns and all weights, or, with
 * `byRows`, its part of the weights and all columns. If `kept` is not 0, the weights are packed already, at this address.
 */
export function conv(
  from: i32,
  to: i32,
  x: usize,
  w: usize,
  multiplier: usize,
  bias: usize,
  y: usize,
  negativeSlope: f32,
  byRows: bool,
  kept: usize,
): void {
  const g = Geometry.current;
  const base = g.scratch;
  const depth = g.channels * g.taps;
  const first = byRows ? 0 : from * 8;
  const last = byRows ? g.n * g.positions : min(g.n * g.positions, to * 8);
  const top = byRows ? from : 0;
  const bottom = byRows ? to : Panels.count(g.outputs);
  const nc = blockOf(last - first, maxColumns, 8);
  const kc = blockOf(depth, maxSteps, 4);
  const mc = blockOf(bottom - top, maxRows / tall, 1);
  for (let group = 0; group < g.group; ++group) {
    for (let column = first; column < last; column += nc) {
      const columns = min(nc, last - column);
      for (let step = 0; step < depth; step += kc) {
        const steps = min(kc, depth - step);
        const isLast = step + steps == depth;
        packColumns(g, x, step, steps, column, columns);
        for (let panel = top; panel < bottom; panel += mc) {
          const row = Panels.start(panel, g.outputs);
          const rows = Panels.start(min(bottom, panel + mc), g.outputs) - row;
          let packed = Scratch.a(base);
          if (kept) packed = keptBlock(kept, g.outputs, depth, group, step, row);
          else {
            const weights = w + ((<usize>(row * depth + step)) << 2);
            packA(weights, (<usize>depth) << 2, 4, rows, steps, 1, packed, 0, steps);
          }
          const finish = isLast ? Finish.at(ConvScratch.finish(base), multiplier, bias, negativeSlope, row) : null;
          multiply(g, rows, steps, packed, y + <usize>row * g.outputPlane, column, columns, step > 0, finish);
        }
      }
    }
    x += g.inputPlane * <usize>g.channels;
    w += (<usize>(g.outputs * depth)) << 2;
    y += g.outputPlane * <usize>g.outputs;
    if (multiplier) multiplier += (<usize>g.outputs) << 2;
    if (bias) bias += (<usize>g.outputs) << 2;
  }
}

/** The address of a position, counted through all images, in the output channel that starts at `y`. */
export function address(g: Geometry, y: usize, column: i32): usize {
  const imageBytes = g.outputPlane * <usize>(g.group * g.outputs);
  return y + imageBytes * <usize>(column / g.positions) + ((<usize>(column % g.positions)) << 2);
}

/** Packs rows [step, step + steps) of the column matrix as a block of B. */
function packColumns(g: Geometry, x: usize, step: i32, steps: i32, column: i32, columns: i32): void {
  const base = g.scratch;
  const buffer = ConvScratch.rows(base);
  const rowBytes = (<usize>columns) << 2;
  const panelBytes = (<usize>steps) << 5;
  if (g.isPointwise && (column % g.positions) + columns <= g.positions) {
    // The image itself holds these rows.
    const image = x + g.inputPlane * <usize>(g.group * g.channels) * <usize>(column / g.positions);
    const source = image + g.inputPlane * <usize>step + ((<usize>(column % g.positions)) << 2);
    packB(source, g.inputPlane, steps, columns, Scratch.b(base), panelBytes);
    return;
  }
  for (let i = 0; i < steps; i += 4) {
    const rows = min(4, steps - i);
    for (let row = 0; row < rows; ++row) {
      gatherColumns(g, x, step + i + row, column, column + columns, buffer + <usize>row * rowBytes);
    }
    packB(buffer, rowBytes, rows, columns, Scratch.b(base) + ((<usize>i) << 5), panelBytes);
  }
}

/** Multiplies the packed blocks; C's columns lie in y, image after image. */
function multiply(
  g: Geometry,
  rows: i32,
  steps: i32,
  a: usize,
  y: usize,
  column: i32,
  columns: i32,
  add: bool,
  finish: Finish | null,
): void {
  const base = g.scratch;
  let b = Scratch.b(base);
  for (let i = 0; i < columns; i += 8) {
    const position = (column + i) % g.positions;
    const target = address(g, y, column + i);
    const width = min(8, columns - i);
    if (position + 8 <= g.positions && width == 8) {
      panelProduct(rows, steps, a, b, target, g.outputPlane, add, base, finish);
    } else {
      const strip = Scratch.strip(base);
      panelProduct(rows, steps, a, b, strip, 32, false, base);
      for (let j = 0; j < width; ) {
        const count = min(width - j, g.positions - ((column + i + j) % g.positions));
        const from = strip + ((<usize>j) << 2);
        const place = address(g, y, column + i + j);
        putTile(from, rows, count, place, g.outputPlane, add);
        if (finish) finish.tile(0, rows, count, place, g.outputPlane);
        j += count;
      }
    }
    b += (<usize>steps) << 5;
  }
}

/**
 * dx = wᵀ ∗ dy: rows of the column matrix, as products of wᵀ and dy, are added to dx. A piece is an image, or, with
 * `byChannels`, 8 channels of a group, counted through the groups.
 */
export function convBackwardData(from: i32, to: i32, dy: usize, w: usize, dx: usize, byChannels: bool): void {
  const g = Geometry.current;
  if (!byChannels) {
    for (let group = 0; group < g.group; ++group) addDataGradient(g, dy, w, dx, from, to, group, 0, g.channels);
    return;
  }
  const pieces = (g.channels + 7) >> 3;
  while (from < to) {
    const group = from / pieces;
    const first = from - group * pieces;
    const count = min(to - from, pieces - first);
    addDataGradient(g, dy, w, dx, 0, g.n, group, 8 * first, min(g.channels, 8 * (first + count)));
    from += count;
  }
}

/** The gradient for channels [first, last) of a group of images [from, to). */
function addDataGradient(
  g: Geometry,
  dy: usize,
  w: usize,
  dx: usize,
  from: i32,
  to: i32,
  group: i32,
  first: i32,
  last: i32,
): void {
  const base = g.scratch;
  const depth = g.channels * g.taps;
  dy += g.outputPlane * <usize>(g.outputs * group);
  w += (<usize>(group * g.outputs * depth)) << 2;
  dx += g.inputPlane * <usize>(g.channels * group);
  for (let image = from; image < to; ++image) {
    const start = dx + g.inputPlane * <usize>(g.group * g.channels * image + first);
    memory.fill(start, 0, g.inputPlane * <usize>(last - first));
  }
  const nc = blockOf((to - from) * g.positions, maxColumns, 8);
  const kc = blockOf(g.outputs, maxSteps, 4);
  const mc = blockOf((last - first) * g.taps, maxRows, tall);
  const block = ConvScratch.block(base);
  for (let column = from * g.positions; column < to * g.positions; column += nc) {
    const columns = min(nc, to * g.positions - column);
    const rowBytes = (<usize>columns) << 2;
    for (let row = first * g.taps; row < last * g.taps; row += mc) {
      const rows = min(mc, last * g.taps - row);
      for (let step = 0; step < g.outputs; step += kc) {
        const steps = min(kc, g.outputs - step);
        // All of dy stays packed if it fits.
        if (row == first * g.taps || kc < g.outputs) {
          packGradient(g, dy + <usize>step * g.outputPlane, steps, column, columns);
        }
        const weights = w + ((<usize>(step * depth + row)) << 2);
        packA(weights, 4, (<usize>depth) << 2, rows, steps, 1, Scratch.a(base), 0, steps);
        blockProduct(rows, columns, steps, block, rowBytes, step > 0, base);
      }
      for (let i = 0; i < rows; ++i) {
        scatterColumns(g, dx, row + i, column, column + columns, block + <usize>i * rowBytes);
      }
    }
  }
}

/** Packs columns of the outputs from `dy` on, `steps` of them, as a block of B. */
function packGradient(g: Geometry, dy: usize, steps: i32, column: i32, columns: i32): void {
  const base = g.scratch;
  const panelBytes = (<usize>steps) << 5;
  if ((column % g.positions) + columns <= g.positions) {
    packB(address(g, dy, column), g.outputPlane, steps, columns, Scratch.b(base), panelBytes);
    return;
  }
  // Columns of several images are first put side by side.
  const buffer = ConvScratch.rows(base);
  const rowBytes = (<usize>columns) << 2;
  for (let i = 0; i < steps; i += 4) {
    const rows = min(4, steps - i);
    for (let j = 0; j < columns; ) {
      const count = min(columns - j, g.positions - ((column + j) % g.positions));
      let source = address(g, dy, column + j) + <usize>i * g.outputPlane;
      for (let row = 0; row < rows; ++row) {
        copyRun(source, 1, buffer + <usize>row * rowBytes + ((<usize>j) << 2), count);
        source += g.outputPlane;
      }
      j += count;
    }
    packB(buffer, rowBytes, rows, columns, Scratch.b(base) + ((<usize>i) << 5), panelBytes);
  }
}

/** dw += dy·columnsᵀ, over the positions of all images. A piece is 8 rows of the column matrix. */
export function convBackwardWeights(from: i32, to: i32, x: usize, dy: usize, dw: usize): void {
  const g = Geometry.current;
  const base = g.scratch;
  const depth = g.channels * g.taps;
  const total = g.n * g.positions;
  const last = min(depth, to * 8);
  const nc = blockOf(last - from * 8, maxColumns, 8);
  const kc = blockOf(total, maxSteps, 4);
  const mc = blockOf(g.outputs, maxRows, tall);
  for (let group = 0; group < g.group; ++group) {
    for (let column = from * 8; column < last; column += nc) {
      const columns = min(nc, last - column);
      for (let step = 0; step < total; step += kc) {
        const steps = min(kc, total - step);
        packTransposedColumns(g, x, step, steps, column, columns);
        for (let row = 0; row < g.outputs; row += mc) {
          const rows = min(mc, g.outputs - row);
          packOutputs(g, dy + <usize>row * g.outputPlane, rows, step, steps);
          const target = dw + ((<usize>(row * depth + column)) << 2);
          blockProduct(rows, columns, steps, target, (<usize>depth) << 2, true, base);
        }
      }
    }
    x += g.inputPlane * <usize>g.channels;
    dy += g.outputPlane * <usize>g.outputs;
    dw += (<usize>(g.outputs * depth)) << 2;
  }
}

/** Packs rows [column, column + columns) of the column matrix, as the columns of a block of B. */
function packTransposedColumns(g: Geometry, x: usize, step: i32, steps: i32, column: i32, columns: i32): void {
  const base = g.scratch;
  const buffer = ConvScratch.rows(base);
  const rowBytes = (<usize>steps) << 2;
  for (let i = 0; i < columns; i += 8) {
    const rows = min(8, columns - i);
    for (let row = 0; row < rows; ++row) {
      gatherColumns(g, x, column + i + row, step, step + steps, buffer + <usize>row * rowBytes);
    }
    packTransposedB(buffer, rowBytes, steps, rows, Scratch.b(base) + <usize>i * rowBytes, rowBytes << 3);
  }
}

/** Packs positions [step, step + steps) of the outputs from `dy` on, `rows` of them, as a block of A. */
function packOutputs(g: Geometry, dy: usize, rows: i32, step: i32, steps: i32): void {
  const packed = Scratch.a(g.scratch);
  for (let i = 0; i < steps; ) {
    const count = min(steps - i, g.positions - ((step + i) % g.positions));
    packA(address(g, dy, step + i), g.outputPlane, 4, rows, count, 1, packed, i, steps);
    i += count;
  }
}
