import { Lanes } from "./lanes";
import { workspace } from "./workspace";

/** The geometry of a pooling: the table of its calls. */
@unmanaged
export class PoolGeometry {
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
  /** The padding below and at the right. */
  padBelow: i32 = 0;
  padRight: i32 = 0;
  /** 1 where averages are without the padding. */
  excludesPad: i32 = 0;

  @inline
  static get current(): PoolGeometry {
    return changetype<PoolGeometry>(workspace);
  }

  /** The start of a thread's scratch memory: one cache line after the start of the table. */
  @inline
  static get scratch(): usize {
    return workspace + 64;
  }

  /** Values of an input plane, and of an output plane. */
  @inline
  get inputs(): i32 {
    return this.height * this.width;
  }

  @inline
  get outputs(): i32 {
    return this.outputHeight * this.outputWidth;
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

  /** The rows of a window, with the padding unless it is excluded, but nothing beyond it; the same for columns. */
  @inline
  rows(row: i32): i32 {
    if (this.excludesPad) return this.bottom(row) - this.top(row);
    const start = row * this.strideHeight - this.padHeight;
    return min(start + this.kernelHeight, this.height + this.padBelow) - start;
  }

  @inline
  columns(column: i32): i32 {
    if (this.excludesPad) return this.right(column) - this.left(column);
    const start = column * this.strideWidth - this.padWidth;
    return min(start + this.kernelWidth, this.width + this.padRight) - start;
  }

  /** The first output column whose window lies inside the image horizontally, and the one after the last such column. */
  @inline
  get firstInside(): i32 {
    return min(this.outputWidth, (this.padWidth + this.strideWidth - 1) / this.strideWidth);
  }

  @inline
  get endInside(): i32 {
    const room = this.width + this.padWidth - this.kernelWidth;
    return room < 0 ? 0 : min(this.outputWidth, room / this.strideWidth + 1);
  }

  /** The number of columns inside from `firstInside` on; 0 if fewer than four can be computed together. */
  @inline
  get inside(): i32 {
    const count = this.endInside - this.firstInside;
    return this.strideWidth <= 2 && count >= 4 ? count : 0;
  }

  /** Whether one window covers the whole plane. */
  @inline
  get isGlobal(): bool {
    return (
      this.outputs == 1 && this.bottom(0) - this.top(0) == this.height && this.right(0) - this.left(0) == this.width
    );
  }

  /** Whether windows of 2×2 lie side by side; the last may lie over the edge. */
  @inline
  get isTwoByTwo(): bool {
    const isTwo = this.kernelHeight == 2 && this.kernelWidth == 2 && this.strideHeight == 2 && this.strideWidth == 2;
    return isTwo && this.padHeight + this.padWidth == 0;
  }

  /** Whether the 2×2 windows cover the whole plane. */
  @inline
  get isTiled(): bool {
    return this.isTwoByTwo && 2 * this.outputHeight >= this.height && 2 * this.outputWidth >= this.width;
  }
}

// Four windows side by side are computed together, one column of the windows after another. `low` and `high` are loaded
// for columns 0 and 1; `first` and `second` make the columns from them; `third` makes column 2 from the first and `last`.

/** Windows with stride 1. */
@unmanaged
export class Dense {
  @inline
  get stride(): i32 {
    return 1;
  }

  @inline
  low(p: usize): v128 {
    return v128.load(p);
  }

  @inline
  high(p: usize): v128 {
    return v128.load(p, 4);
  }

  @inline
  last(p: usize): v128 {
    return v128.load(p, 8);
  }

  @inline
  first(low: v128, _high: v128): v128 {
    return low;
  }

  @inline
  second(_low: v128, high: v128): v128 {
    return high;
  }

  @inline
  third(_first: v128, last: v128): v128 {
    return last;
  }

  /** The column with this number. */
  @inline
  any(p: usize): v128 {
    return v128.load(p);
  }
}

/** Windows with stride 2. */
@unmanaged
export class EverySecond {
  @inline
  get stride(): i32 {
    return 2;
  }

  @inline
  low(p: usize): v128 {
    return v128.load(p);
  }

  @inline
  high(p: usize): v128 {
    return v128.load(p, 16);
  }

  @inline
  last(p: usize): v128 {
    return v128.load32_splat(p, 32);
  }

  @inline
  first(low: v128, high: v128): v128 {
    return v128.shuffle<f32>(low, high, 0, 2, 4, 6);
  }

  @inline
  second(low: v128, high: v128): v128 {
    return v128.shuffle<f32>(low, high, 1, 3, 5, 7);
  }

  @inline
  third(first: v128, last: v128): v128 {
    return v128.shuffle<f32>(first, last, 1, 2, 3, 4);
  }

  @inline
  any(p: usize): v128 {
    return Lanes.evens(p);
  }
}

/** The number of columns under a window: 2 or 3, known to the compiler, or any number. */
@unmanaged
export class TwoColumns {
  @inline
  get count(): i32 {
    return 2;
  }
}

@unmanaged
export class ThreeColumns {
  @inline
  get count(): i32 {
    return 3;
  }
}

@unmanaged
export class ManyColumns {
  @inline
  get count(): i32 {
    return 0;
  }
}
