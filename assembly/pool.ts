import { Lanes } from "./lanes";
import { First, total } from "./reduce";
import { scatterRun } from "./run";
import { workspace } from "./workspace";

// Pooling. A piece is a plane; the table of each call is its geometry. Where whole windows lie inside the image and
// the stride is 1 or 2, four of them are looked at together.

@unmanaged
class PoolGeometry {
  height: i32 = 0;
  width: i32 = 0;
  outputHeight: i32 = 0;
  outputWidth: i32 = 0;
  kernelHeight: i32 = 0;
  kernelWidth: i32 = 0;
  strideHeight: i32 = 0;
  strideWidth: i32 = 0;
  padHeight: i32 = 0;
  padWidth: i32 = 0;

  @inline
  static get current(): PoolGeometry {
    return changetype<PoolGeometry>(workspace);
  }

  /** The first input row under the windows of an output row, and the row after the last; both inside the image. */
  @inline
  top(row: i32): i32 {
    return max(0, row * this.strideHeight - this.padHeight);
  }

  @inline
  bottom(row: i32): i32 {
    return min(this.height, row * this.strideHeight - this.padHeight + this.kernelHeight);
  }

  @inline
  left(column: i32): i32 {
    return max(0, column * this.strideWidth - this.padWidth);
  }

  @inline
  right(column: i32): i32 {
    return min(this.width, column * this.strideWidth - this.padWidth + this.kernelWidth);
  }

  /** Rows under a window, with the padding but not what lies beyond it; likewise columns. */
  @inline
  rows(row: i32): i32 {
    const start = row * this.strideHeight - this.padHeight;
    return min(start + this.kernelHeight, this.height + this.padHeight) - start;
  }

  @inline
  columns(column: i32): i32 {
    const start = column * this.strideWidth - this.padWidth;
    return min(start + this.kernelWidth, this.width + this.padWidth) - start;
  }

  /** The first column from which, and the first from which no longer, windows lie between the image's sides. */
  @inline
  get firstInside(): i32 {
    return min(this.outputWidth, (this.padWidth + this.strideWidth - 1) / this.strideWidth);
  }

  @inline
  get endInside(): i32 {
    const room = this.width + this.padWidth - this.kernelWidth;
    return room < 0 ? 0 : min(this.outputWidth, room / this.strideWidth + 1);
  }

  /** Groups of four columns from `firstInside` on, all inside, at a stride made for vectors. */
  @inline
  get fours(): i32 {
    return this.strideWidth <= 2 ? max(0, this.endInside - this.firstInside) >> 2 : 0;
  }
}

/** Values of four windows, which are 1 or 2 apart. */
@unmanaged
class Dense {
  @inline
  load(p: usize): v128 {
    return v128.load(p);
  }

  @inline
  get stride(): f32 {
    return 1;
  }
}

@unmanaged
class EverySecond {
  @inline
  load(p: usize): v128 {
    return Lanes.evens(p);
  }

  @inline
  get stride(): f32 {
    return 2;
  }
}

const lowest: f32 = -f32.MAX_VALUE;

export function maxPool(from: i32, to: i32, x: usize, y: usize, mask: usize): void {
  const g = PoolGeometry.current;
  const input = (<usize>(g.height * g.width)) << 2;
  const output = (<usize>(g.outputHeight * g.outputWidth)) << 2;
  for (let plane = <usize>from; plane < <usize>to; ++plane) {
    maxPlane(g, x + plane * input, y + plane * output, mask + plane * output);
  }
}

function maxPlane(g: PoolGeometry, x: usize, y: usize, mask: usize): void {
  const first = g.firstInside;
  const fours = g.fours;
  for (let row = 0; row < g.outputHeight; ++row) {
    const top = g.top(row);
    const bottom = g.bottom(row);
    maxColumns(g, x, top, bottom, 0, fours > 0 ? first : 0, y, mask);
    if (fours > 0) {
      const at = (<usize>first) << 2;
      const left = g.left(first);
      if (g.strideWidth == 1) fourMaxima<Dense>(x, g.width, top, bottom, left, g.kernelWidth, fours, y + at, mask + at);
      else fourMaxima<EverySecond>(x, g.width, top, bottom, left, g.kernelWidth, fours, y + at, mask + at);
    }
    maxColumns(g, x, top, bottom, fours > 0 ? first + 4 * fours : 0, g.outputWidth, y, mask);
    y += (<usize>g.outputWidth) << 2;
    mask += (<usize>g.outputWidth) << 2;
  }
}

function maxColumns(g: PoolGeometry, x: usize, top: i32, bottom: i32, from: i32, to: i32, y: usize, mask: usize): void {
  for (let column = from; column < to; ++column) {
    const at = (<usize>column) << 2;
    oneMaximum(x, g.width, top, bottom, g.left(column), g.right(column), y + at, mask + at);
  }
}

function oneMaximum(x: usize, width: i32, top: i32, bottom: i32, left: i32, right: i32, y: usize, mask: usize): void {
  let largest = lowest;
  let where = -1;
  for (let row = top; row < bottom; ++row) {
    for (let i = row * width + left; i < row * width + right; ++i) {
      const value = load<f32>(x + ((<usize>i) << 2));
      if (value > largest) {
        largest = value;
        where = i;
      }
    }
  }
  store<f32>(y, largest);
  store<f32>(mask, <f32>where);
}

/** Groups of four windows side by side, the first of them from column `left` on. */
function fourMaxima<Columns>(
  x: usize,
  width: i32,
  top: i32,
  bottom: i32,
  left: i32,
  kernel: i32,
  groups: i32,
  y: usize,
  mask: usize,
): void {
  const columns = changetype<Columns>(0);
  const one = f32x4.splat(1);
  const step = <i32>columns.stride;
  let offsets = f32x4.mul(f32x4(0, 1, 2, 3), f32x4.splat(columns.stride));
  for (; groups > 0; --groups) {
    let largest = f32x4.splat(lowest);
    let where = f32x4.splat(-1);
    for (let row = top; row < bottom; ++row) {
      let p = x + ((<usize>(row * width + left)) << 2);
      let index = f32x4.add(f32x4.splat(<f32>(row * width + left)), offsets);
      for (let i = kernel; i > 0; --i) {
        const values = columns.load(p);
        where = v128.bitselect(index, where, f32x4.gt(values, largest));
        largest = f32x4.pmax(largest, values);
        index = f32x4.add(index, one);
        p += 4;
      }
    }
    v128.store(y, largest);
    v128.store(mask, where);
    left += 4 * step;
    y += 16;
    mask += 16;
  }
}

export function maxPoolBackward(from: i32, to: i32, dy: usize, mask: usize, dx: usize): void {
  const g = PoolGeometry.current;
  const input = (<usize>(g.height * g.width)) << 2;
  const output = (<usize>(g.outputHeight * g.outputWidth)) << 2;
  memory.fill(dx + <usize>from * input, 0, <usize>(to - from) * input);
  for (let plane = <usize>from; plane < <usize>to; ++plane) {
    scatterPlane(dy + plane * output, mask + plane * output, dx + plane * input, output, g.height * g.width);
  }
}

function scatterPlane(dy: usize, mask: usize, dx: usize, bytes: usize, size: i32): void {
  for (let i: usize = 0; i < bytes; i += 4) {
    const where = load<f32>(mask + i);
    // −1 where no maximum was; and a mask may be a blob that others write.
    if (!(where >= 0 && where < <f32>size)) continue;
    const target = dx + ((<usize>where) << 2);
    store<f32>(target, load<f32>(target) + load<f32>(dy + i));
  }
}

export function avePool(from: i32, to: i32, x: usize, y: usize): void {
  const g = PoolGeometry.current;
  const input = (<usize>(g.height * g.width)) << 2;
  const output = (<usize>(g.outputHeight * g.outputWidth)) << 2;
  for (let plane = <usize>from; plane < <usize>to; ++plane) averagePlane(g, x + plane * input, y + plane * output);
}

function averagePlane(g: PoolGeometry, x: usize, y: usize): void {
  const first = g.firstInside;
  // Wide windows are summed one by one, along their rows.
  const fours = g.kernelWidth > 8 ? 0 : g.fours;
  for (let row = 0; row < g.outputHeight; ++row) {
    const top = g.top(row);
    const bottom = g.bottom(row);
    averageColumns(g, x, row, 0, fours > 0 ? first : 0, y);
    if (fours > 0) {
      const at = (<usize>first) << 2;
      const left = g.left(first);
      const size = <f32>(g.rows(row) * g.kernelWidth);
      if (g.strideWidth == 1) fourAverages<Dense>(x, g.width, top, bottom, left, g.kernelWidth, size, fours, y + at);
      else fourAverages<EverySecond>(x, g.width, top, bottom, left, g.kernelWidth, size, fours, y + at);
    }
    averageColumns(g, x, row, fours > 0 ? first + 4 * fours : 0, g.outputWidth, y);
    y += (<usize>g.outputWidth) << 2;
  }
}

function averageColumns(g: PoolGeometry, x: usize, row: i32, from: i32, to: i32, y: usize): void {
  for (let column = from; column < to; ++column) {
    const left = g.left(column);
    let sum: f64 = 0;
    for (let i = g.top(row); i < g.bottom(row); ++i) {
      const start = x + ((<usize>(i * g.width + left)) << 2);
      sum += total<First>(start, start, g.right(column) - left);
    }
    store<f32>(y + ((<usize>column) << 2), <f32>(sum / <f64>(g.rows(row) * g.columns(column))));
  }
}

function fourAverages<Columns>(
  x: usize,
  width: i32,
  top: i32,
  bottom: i32,
  left: i32,
  kernel: i32,
  size: f32,
  groups: i32,
  y: usize,
): void {
  const columns = changetype<Columns>(0);
  const step = <i32>columns.stride;
  const divisor = f32x4.splat(size);
  for (; groups > 0; --groups) {
    let sums = f32x4.splat(0);
    for (let row = top; row < bottom; ++row) {
      let p = x + ((<usize>(row * width + left)) << 2);
      for (let i = kernel; i > 0; --i) {
        sums = f32x4.add(sums, columns.load(p));
        p += 4;
      }
    }
    v128.store(y, f32x4.div(sums, divisor));
    left += 4 * step;
    y += 16;
  }
}

export function avePoolBackward(from: i32, to: i32, dy: usize, dx: usize): void {
  const g = PoolGeometry.current;
  const input = (<usize>(g.height * g.width)) << 2;
  const output = (<usize>(g.outputHeight * g.outputWidth)) << 2;
  memory.fill(dx + <usize>from * input, 0, <usize>(to - from) * input);
  for (let plane = <usize>from; plane < <usize>to; ++plane) spreadPlane(g, dy + plane * output, dx + plane * input);
}

function spreadPlane(g: PoolGeometry, dy: usize, dx: usize): void {
  // Windows inside the image are spread together, tap by tap, unless they are wide.
  const first = g.firstInside;
  const count = g.kernelWidth > 8 ? 0 : max(0, g.endInside - first);
  for (let row = 0; row < g.outputHeight; ++row) {
    const top = g.top(row);
    const bottom = g.bottom(row);
    spreadColumns(g, dy, row, 0, count > 0 ? first : 0, dx);
    if (count > 0) {
      const share: f32 = <f32>1 / <f32>(g.rows(row) * g.kernelWidth);
      const source = dy + ((<usize>first) << 2);
      for (let i = top; i < bottom; ++i) {
        const target = dx + ((<usize>(i * g.width + g.left(first))) << 2);
        for (let tap = 0; tap < g.kernelWidth; ++tap) {
          scatterRun(target + ((<usize>tap) << 2), g.strideWidth, source, count, share);
        }
      }
    }
    spreadColumns(g, dy, row, count > 0 ? first + count : 0, g.outputWidth, dx);
    dy += (<usize>g.outputWidth) << 2;
  }
}

function spreadColumns(g: PoolGeometry, dy: usize, row: i32, from: i32, to: i32, dx: usize): void {
  for (let column = from; column < to; ++column) {
    const left = g.left(column);
    const share = load<f32>(dy + ((<usize>column) << 2)) / <f32>(g.rows(row) * g.columns(column));
    for (let i = g.top(row); i < g.bottom(row); ++i) {
      addToRun(dx + ((<usize>(i * g.width + left)) << 2), g.right(column) - left, share);
    }
  }
}

function addToRun(y: usize, count: i32, value: f32): void {
  const v = f32x4.splat(value);
  for (; count >= 4; count -= 4) {
    v128.store(y, f32x4.add(v128.load(y), v));
    y += 16;
  }
  for (; count > 0; --count) {
    store<f32>(y, load<f32>(y) + value);
    y += 4;
  }
}
