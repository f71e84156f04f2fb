import { Geometry } from "./conv-geometry";
import { Lanes } from "./lanes";
import { copyRun, fillRun, scatterRun } from "./run";

// The column matrix of a convolution (im2col): a row for each channel and tap of the kernel, a column for each output
// position, image after image. It is never in memory as a whole: these functions gather parts of its rows, and scatter
// them back.

@unmanaged
class Gather {
  /** Runs are short, so the last vector overlaps the one before it: this is faster than single values. */
  @inline
  inside(x: usize, stride: i32, row: usize, count: i32): void {
    const last = count - 4;
    if (last < 0 || stride > 2) copyRun(x, stride, row, count);
    else if (stride == 1) {
      const end = row + ((<usize>last) << 2);
      const tail = v128.load(x + ((<usize>last) << 2));
      for (; row < end; row += 16) {
        v128.store(row, v128.load(x));
        x += 16;
      }
      v128.store(end, tail);
    } else {
      const end = row + ((<usize>last) << 2);
      const tail = Lanes.evens(x + ((<usize>last) << 3));
      for (; row < end; row += 16) {
        v128.store(row, Lanes.evens(x));
        x += 32;
      }
      v128.store(end, tail);
    }
  }

  @inline
  outside(row: usize, count: i32): void {
    if (count > 4) fillRun(row, count, 0);
    else for (; count > 0; --count, row += 4) store<f32>(row, 0);
  }
}

@unmanaged
class Scatter {
  @inline
  inside(x: usize, stride: i32, row: usize, count: i32): void {
    if (stride != 1) {
      scatterRun(x, stride, row, count, 1);
      return;
    }
    for (; count >= 4; count -= 4) {
      v128.store(x, f32x4.add(v128.load(x), v128.load(row)));
      x += 16;
      row += 16;
    }
    for (; count > 0; --count) {
      store<f32>(x, load<f32>(x) + load<f32>(row));
      x += 4;
      row += 4;
    }
  }

  @inline
  outside(_row: usize, _count: i32): void {}
}

/** row[0 … to − from) = columns [from, to) of row `index`; x is the group's first channel of the first image */
export function gatherColumns(g: Geometry, x: usize, index: i32, from: i32, to: i32, row: usize): void {
  walk<Gather>(g, x, index, from, to, row);
}

/** Adds the values of a row to the input values that `gatherColumns` reads for it. */
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
      const isWhole = count == width;
      const low = isWhole ? first : min(max(first - column, 0), count);
      const high = isWhole ? end : min(max(end - column, low), count);
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
