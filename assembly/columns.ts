import { Geometry } from "./conv-geometry";
import { copyRun, fillRun, scatterRun } from "./run";

// The column matrix of a convolution (im2col): a row for each channel and tap of the kernel, a column for each output
// position of all images in turn. It is never whole in memory: these make, and take back, parts of rows.

@unmanaged
class Gather {
  @inline
  inside(x: usize, stride: i32, row: usize, count: i32): void {
    copyRun(x, stride, row, count);
  }

  @inline
  outside(row: usize, count: i32): void {
    fillRun(row, count, 0);
  }
}

@unmanaged
class Scatter {
  @inline
  inside(x: usize, stride: i32, row: usize, count: i32): void {
    scatterRun(x, stride, row, count, 1);
  }

  @inline
  outside(_row: usize, _count: i32): void {}
}

/** row[0 … to − from) = columns [from, to) of row `index`; x is the group's first channel of the first image */
export function gatherColumns(g: Geometry, x: usize, index: i32, from: i32, to: i32, row: usize): void {
  walk<Gather>(g, x, index, from, to, row);
}

/** Adds such a row to the input values that `gatherColumns` would have made it of. */
export function scatterColumns(g: Geometry, x: usize, index: i32, from: i32, to: i32, row: usize): void {
  walk<Scatter>(g, x, index, from, to, row);
}

function walk<Action>(g: Geometry, x: usize, index: i32, from: i32, to: i32, row: usize): void {
  const action = changetype<Action>(0);
  const tap = index % g.taps;
  const shift = g.shift(tap % g.innerTaps);
  const first = g.first(shift);
  const end = g.end(shift);
  const stride = g.stride;
  const width = g.outputWidth;
  const inputWidth = g.inputWidth;
  const rows = g.outputRows;
  const imageBytes = g.inputPlane * <usize>(g.group * g.channels);
  const position = from % g.positions;
  let image = x + g.inputPlane * <usize>(index / g.taps) + imageBytes * <usize>(from / g.positions);
  let column = position % width;
  let outputRow = position / width;
  const met = g.rowsMet(tap / g.innerTaps);
  for (let left = to - from; left > 0; ) {
    const count = min(width - column, left);
    const inputRow = load<i32>(met + ((<usize>outputRow) << 2));
    if (inputRow < 0) action.outside(row, count);
    else {
      const low = min(max(first - column, 0), count);
      const high = min(max(end - column, low), count);
      const start = inputRow * inputWidth + (column + low) * stride + shift;
      if (low > 0) action.outside(row, low);
      action.inside(image + ((<usize>start) << 2), stride, row + ((<usize>low) << 2), high - low);
      if (high < count) action.outside(row + ((<usize>high) << 2), count - high);
    }
    row += (<usize>count) << 2;
    left -= count;
    column = 0;
    if (++outputRow == rows) {
      outputRow = 0;
      image += imageBytes;
    }
  }
}
