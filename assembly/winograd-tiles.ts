import { Finish } from "./finish";
import { Scratch } from "./gemm";
import * as two from "./winograd-small";
import * as four from "./winograd-transforms";
import { workspace } from "./workspace";

// Tiles of a convolution by Winograd's method are read from images and written back here. Rows of tiles are counted through
// all images. The tiles of a row follow those of the row before, so that a group of four may continue in the next row. Four
// tiles are transformed at a time: the input rows that they cover are first put side by side, with their padding.

/** The table of a call: its sizes, and the addresses in the scratch memory after it. */
@unmanaged
export class Tiles {
  n: i32 = 0;
  channels: i32 = 0;
  outputs: i32 = 0;
  height: i32 = 0;
  width: i32 = 0;
  outHeight: i32 = 0;
  outWidth: i32 = 0;
  padY: i32 = 0;
  padX: i32 = 0;
  /** Rows of tiles in a block. */
  rows: i32 = 0;
  /** Rows and columns of an output tile: 4 or 2. */
  size: i32 = 0;

  @inline
  static get current(): Tiles {
    return changetype<Tiles>(workspace);
  }

  /** Rows of tiles in an image, and tiles in a row. */
  @inline
  get down(): i32 {
    return (this.outHeight + this.size - 1) / this.size;
  }

  @inline
  get across(): i32 {
    return (this.outWidth + this.size - 1) / this.size;
  }

  /** Matrices that are multiplied: values of an input tile. */
  @inline
  get matrices(): i32 {
    return (this.size + 2) * (this.size + 2);
  }

  /** The number of rows of tiles that make whole groups of four. */
  @inline
  get together(): i32 {
    const across = this.across;
    return (across & 1) != 0 ? 4 : (across & 2) != 0 ? 2 : 1;
  }

  /** Bytes of an input row that one row of tiles covers. */
  @inline
  get seenRow(): usize {
    return (<usize>(this.across * this.size + 2)) << 2;
  }

  /** Bytes of the input rows for all rows of tiles that are computed together, and of the zeros after them. */
  @inline
  get stagedRow(): usize {
    return (<usize>this.together * this.seenRow + 128 + 15) & ~15;
  }

  /**
   * Scratch memory, in this order: for products; for the transforms; 36 vectors; rows side by side; the offsets in them at
   * which tiles begin; those offsets in the output; memory that depends on the call.
   */
  @inline
  get base(): usize {
    return workspace + 64;
  }

  @inline
  get transforms(): usize {
    return Scratch.rest(this.base);
  }

  @inline
  get vectors(): usize {
    return this.transforms + four.transformBytes;
  }

  @inline
  get staged(): usize {
    return this.vectors + 36 * 16;
  }

  @inline
  get starts(): usize {
    return this.staged + <usize>(this.size + 2) * this.stagedRow;
  }

  @inline
  get targets(): usize {
    return this.starts + ((<usize>(this.together * this.across + 4)) << 2);
  }

  @inline
  get rest(): usize {
    return (this.targets + ((<usize>(this.rows * this.across + 4)) << 3) + 63) & ~63;
  }
}

/** Writes the table of the byte offsets at which the tiles of a group begin in the rows that are put side by side. */
export function findStarts(t: Tiles): void {
  let to = t.starts;
  let start: usize = 0;
  for (let row = 0; row < t.together; ++row) {
    for (let tile = 0; tile < t.across; ++tile) {
      store<u32>(to, <u32>(start + ((<usize>(tile * t.size)) << 2)));
      to += 4;
    }
    start += t.seenRow;
  }
}

/**
 * Transforms the tiles of an input channel in some rows of tiles. Tile after tile goes into a row at `to` of the first
 * matrix, or, where `panelBytes` is not 0, into panels of 8; matrices are `slice` bytes apart. Tiles that fill up the last
 * group of four are zeros.
 */
export function putInput(
  t: Tiles,
  x: usize,
  channel: i32,
  first: i32,
  rows: i32,
  to: usize,
  panelBytes: usize,
  slice: usize,
): void {
  const together = t.together;
  const across = t.across;
  const planeBytes = (<usize>(t.height * t.width)) << 2;
  let column = 0;
  for (let i = 0; i < rows; i += together) {
    const some = min(together, rows - i);
    for (let j = 0; j < some; ++j) {
      const row = first + i + j;
      const image = row / t.down;
      const top = (row - image * t.down) * t.size - t.padY;
      const plane = x + <usize>(image * t.channels + channel) * planeBytes;
      const staged = t.staged + <usize>j * t.seenRow;
      stageRows(plane, t.height, t.width, top, t.padX, t.size + 2, staged, t.seenRow, t.stagedRow);
    }
    const tiles = some * across;
    if ((tiles & 3) != 0) clearBehind(t.staged + <usize>some * t.seenRow, t.size + 2, t.stagedRow);
    let starts = t.starts;
    for (let tile = 0; tile < tiles; tile += 4) {
      const target = panelBytes
        ? to + <usize>(column >> 3) * panelBytes + ((<usize>(column & 7)) << 2)
        : to + ((<usize>column) << 2);
      if (t.size == 4) four.transformInput(t.staged, starts, t.stagedRow, target, slice, t.transforms);
      else two.transformInput(t.staged, starts, t.stagedRow, target, slice, t.transforms);
      starts += 16;
      column += 4;
    }
  }
}

/** Transforms the gradient of an output in the same way, in tiles of 4×4 beside each other. */
export function putGradient(t: Tiles, dy: usize, output: i32, first: i32, rows: i32, to: usize, slice: usize): void {
  const together = t.together;
  const across = t.across;
  const planeBytes = (<usize>(t.outHeight * t.outWidth)) << 2;
  const seenRow = (<usize>across) << 4;
  for (let i = 0; i < rows; i += together) {
    const some = min(together, rows - i);
    for (let j = 0; j < some; ++j) {
      const row = first + i + j;
      const image = row / t.down;
      const plane = dy + <usize>(image * t.outputs + output) * planeBytes;
      const top = (row - image * t.down) * 4;
      stageRows(plane, t.outHeight, t.outWidth, top, 0, 4, t.staged + <usize>j * seenRow, seenRow, t.stagedRow);
    }
    const tiles = some * across;
    if ((tiles & 3) != 0) clearBehind(t.staged + <usize>some * seenRow, 4, t.stagedRow);
    let staged = t.staged;
    for (let tile = 0; tile < tiles; tile += 4) {
      four.transformGradient(staged, t.stagedRow, to, slice, t.transforms);
      staged += 64;
      to += 16;
    }
  }
}

/** Copies rows [first, first + rows) of a plane, `rowBytes` each, shifted right by `pad`, with zeros around them. */
function stageRows(
  plane: usize,
  height: i32,
  width: i32,
  first: i32,
  pad: i32,
  rows: i32,
  to: usize,
  rowBytes: usize,
  step: usize,
): void {
  // Rows are short: the fixed cost of memory.copy and memory.fill would be larger than that of the copy itself.
  const zero = f32x4.splat(0);
  const before = (<usize>pad) << 2;
  const inside = min((<usize>width) << 2, rowBytes - before);
  const behind = (before + inside) & ~15;
  for (let row = first; row < first + rows; ++row) {
    const isInside = row >= 0 && row < height;
    // Writes zeros where no value will be copied; this row of tiles or the next overwrites some of them.
    v128.store(to, zero);
    for (let i: usize = isInside ? behind : 16; i < rowBytes; i += 16) v128.store(to + i, zero);
    if (isInside) copyRow(plane + ((<usize>(row * width)) << 2), to + before, inside);
    to += step;
  }
}

/** Copies `bytes` bytes vector by vector; the last vector overlaps the one before it. */
function copyRow(from: usize, to: usize, bytes: usize): void {
  if (bytes < 16) {
    for (let i: usize = 0; i < bytes; i += 4) store<f32>(to + i, load<f32>(from + i));
    return;
  }
  const last = bytes - 16;
  let i: usize = 0;
  for (; i + 48 <= last; i += 64) {
    const a = v128.load(from + i);
    const b = v128.load(from + i, 16);
    const c = v128.load(from + i, 32);
    const d = v128.load(from + i, 48);
    v128.store(to + i, a);
    v128.store(to + i, b, 16);
    v128.store(to + i, c, 32);
    v128.store(to + i, d, 48);
  }
  for (; i < last; i += 16) v128.store(to + i, v128.load(from + i));
  v128.store(to + last, v128.load(from + last));
}

/** Writes zeros for the up to three tiles that fill up a group of four. */
function clearBehind(to: usize, rows: i32, step: usize): void {
  for (; rows > 0; --rows) {
    memory.fill(to, 0, 112);
    to += step;
  }
}

/**
 * Writes a table for the tiles of `rows` rows of tiles: the byte offset in output 0 at which each begins, and its number of
 * existing columns plus 256 times its number of existing rows. Tiles that pad the last group of four have 0.
 */
export function findTargets(t: Tiles, first: i32, rows: i32): void {
  let to = t.targets;
  const planeBytes = (<usize>(t.outHeight * t.outWidth)) << 2;
  for (let row = first; row < first + rows; ++row) {
    const image = row / t.down;
    const top = (row - image * t.down) * t.size;
    const start = <usize>(image * t.outputs) * planeBytes + ((<usize>(top * t.outWidth)) << 2);
    const height = min(t.size, t.outHeight - top) << 8;
    for (let left = 0; left < t.outWidth; left += t.size) {
      store<u32>(to, <u32>(start + ((<usize>left) << 2)));
      store<i32>(to, height + min(t.size, t.outWidth - left), 4);
      to += 8;
    }
  }
  memory.fill(to, 0, 24);
}

/** Transforms the tiles of an output back, from `from` on, finishes them, and copies them to their places. */
export function putOutput(
  t: Tiles,
  from: usize,
  tiles: i32,
  slice: usize,
  multiplier: usize,
  bias: usize,
  negativeSlope: f32,
  y: usize,
  output: i32,
): void {
  const plane = y + ((<usize>output * <usize>(t.outHeight * t.outWidth)) << 2);
  const rowBytes = (<usize>t.outWidth) << 2;
  const areWhole = 4 * ((t.size << 8) + t.size);
  const block = t.vectors;
  const f = f32x4.splat(Finish.multiplierOf(multiplier, output));
  const b = f32x4.splat(Finish.biasOf(bias, output));
  const l = f32x4.splat(negativeSlope);
  const isPlain = multiplier == 0 && bias == 0 && negativeSlope == 1;
  let targets = t.targets;
  for (let tile = 0; tile < tiles; tile += 4) {
    const there = load<i32>(targets, 4) + load<i32>(targets, 12) + load<i32>(targets, 20) + load<i32>(targets, 28);
    let p0 = plane + <usize>load<u32>(targets);
    let p1 = plane + <usize>load<u32>(targets, 8);
    let p2 = plane + <usize>load<u32>(targets, 16);
    let p3 = plane + <usize>load<u32>(targets, 24);
    let step = rowBytes;
    if (there != areWhole) {
      p0 = block;
      p1 = block + 64;
      p2 = block + 128;
      p3 = block + 192;
      step = 16;
    }
    if (t.size == 2) two.transformOutput(from, slice, p0, p1, p2, p3, step, t.transforms, f, b, l);
    else if (isPlain) four.transformOutput(from, slice, p0, p1, p2, p3, step, t.transforms);
    else four.transformFinished(from, slice, p0, p1, p2, p3, step, t.transforms, f, b, l);
    if (there != areWhole) {
      for (let i: usize = 0; i < 4; ++i) putPart(block + (i << 6), targets + (i << 3), plane, rowBytes);
    }
    targets += 32;
    from += 16;
  }
}

/** Copies the existing part of a tile, whose rows are vectors, to its place in the output. */
function putPart(from: usize, target: usize, plane: usize, rowBytes: usize): void {
  let to = plane + <usize>load<u32>(target);
  const extent = load<i32>(target, 4);
  const columns = extent & 255;
  for (let rows = extent >> 8; rows > 0; --rows) {
    const v = v128.load(from);
    if (columns == 4) v128.store(to, v);
    else {
      if (columns >= 2) v128.store64_lane(to, v, 0);
      if (columns == 3) v128.store32_lane(to, v, 2, 8);
      else if (columns == 1) v128.store32_lane(to, v, 0);
    }
    from += 16;
    to += rowBytes;
  }
}
