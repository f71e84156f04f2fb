import { Finish } from "./finish";
import { gemmScratch, panelProduct, Scratch } from "./gemm";
import { Lanes } from "./lanes";
import { tall } from "./micro";
import { Panels, transposeRest } from "./pack";
import * as two from "./winograd-small";
import {
  transformBytes,
  transformGradient,
  transformInput,
  transformOutput,
  transformWeights,
} from "./winograd-transforms";
import { common, workspace } from "./workspace";

// Convolution 3×3 with stride 1 as Winograd's F(4×4, 3×3): of each input tile of 6×6, transformed, and the weights,
// transformed, 36 matrix products give the transform of an output tile of 4×4: a quarter of the multiplications. Or, for
// small outputs, as F(2×2, 3×3): tiles of 4×4 give tiles of 2×2 by 16 products, four ninths of the multiplications.
// Tiles are taken by rows of them, counted through all images, a block of rows at a time. The table of each call is
// its sizes.

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

  /** Bytes of a row of the columns of each four tiles, and 4 more. */
  @inline
  get stagedRow(): usize {
    return (<usize>((((this.across + 3) >> 2) << 2) * this.size + 4)) << 2;
  }

  /** Scratch memory: that of products; the transforms' own; 36 vectors; the rows a tile sees; behind them, what each call needs. */
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
    return this.transforms + transformBytes;
  }

  @inline
  get staged(): usize {
    return this.vectors + 36 * 16;
  }

  @inline
  get rest(): usize {
    return (this.staged + <usize>(this.size + 2) * this.stagedRow + 63) & ~63;
  }
}

/** Scratch bytes every call needs, but for the staged rows and its own blocks. */
export const winogradScratch: usize = 64 + gemmScratch + transformBytes + 36 * 16 + 64;

/**
 * Transforms weights for tiles of this size to packed panels of matrices rows×steps, from `kept` on, or, if that is 0, in
 * the memory all threads share. A piece is a panel. `turned`, weights are (steps, rows, 3, 3) and turned by 180°, as the
 * gradient for the input needs them.
 */
export function winogradWeights(
  from: i32,
  to: i32,
  w: usize,
  rows: i32,
  steps: i32,
  turned: bool,
  size: i32,
  kept: usize,
): void {
  const matrices = (size + 2) * (size + 2);
  const start = kept ? kept : common;
  const talls = Panels.talls(rows);
  const slice = sliceBytes(rows, steps);
  const transforms = workspace;
  const taps = workspace + transformBytes;
  const vectors = taps + 9 * 16;
  const between = <usize>(turned ? rows : 1) * 36;
  const rowBytes = turned ? 36 : <usize>steps * 36;
  for (let panel = from; panel < to; ++panel) {
    const height = panel < talls ? tall : 4;
    const first = Panels.start(panel, rows);
    const there = min(height, rows - first);
    const target = start + ((<usize>(first * steps)) << 2);
    // What is not there counts for nothing, but must be numbers.
    if (there < height) memory.fill(vectors, 0, <usize>height * vectorBytes);
    for (let step = 0; step < steps; step += 4) {
      const count = min(4, steps - step);
      for (let i = 0; i < there; ++i) {
        gatherTaps(w + <usize>(first + i) * rowBytes + <usize>step * between, between, count, turned, taps);
        transformTapsOf(size, taps, vectors + <usize>i * vectorBytes, transforms);
      }
      putPanel(matrices, vectors, height, count, target + ((<usize>(step * height)) << 2), slice);
    }
  }
}

/** Nine vectors of taps become those of as many matrices as tiles of this size need. */
export function transformTapsOf(size: i32, taps: usize, vectors: usize, scratch: usize): void {
  if (size == 4) transformWeights(taps, vectors, scratch);
  else two.transformWeights(taps, vectors, scratch);
}

/** Bytes of 36 vectors. */
const vectorBytes: usize = 36 * 16;

/** Bytes from one packed matrix rows×steps to the next. */
function sliceBytes(rows: i32, steps: i32): usize {
  return apart(packedBytes(rows, steps));
}

/** So many bytes and some more, that 36 matrices one after another do not lie at the same place of a cache. */
export function apart(bytes: usize): usize {
  return ((bytes + 4095) & ~4095) + 192;
}

/** Of `height` rows' vectors, the first lanes as steps of panels, one in each matrix. */
function putPanel(matrices: i32, vectors: usize, height: i32, count: i32, to: usize, slice: usize): void {
  const one = f32x4.splat(1);
  const bytes = (<usize>height) << 2;
  for (let i = 0; i < matrices; ++i) {
    if (count == 4) {
      Lanes.transpose(vectors, vectorBytes, to, bytes, one);
      if (height == tall) transposeRest(vectors + 4 * vectorBytes, vectorBytes, to, one);
    } else {
      for (let lane = 0; lane < count; ++lane) {
        for (let row = 0; row < height; ++row) {
          const value = load<f32>(vectors + <usize>row * vectorBytes + ((<usize>lane) << 2));
          store<f32>(to + ((<usize>(lane * height + row)) << 2), value);
        }
      }
    }
    vectors += 16;
    to += slice;
  }
}

/** Bytes of one packed matrix rows×steps. */
function packedBytes(rows: i32, steps: i32): usize {
  return (<usize>Panels.filled(rows) * <usize>steps) << 2;
}

/** The nine taps of up to four filters, one in each lane. */
export function gatherTaps(w: usize, between: usize, count: i32, turned: bool, taps: usize): void {
  const first = turned ? taps + 8 * 16 : taps;
  const next: usize = turned ? -16 : 16;
  if (count == 4) {
    const one = f32x4.splat(1);
    Lanes.transpose(w, between, first, next, one);
    Lanes.transpose(w + 16, between, first + 4 * next, next, one);
    const last = first + 8 * next;
    for (let lane: usize = 0; lane < 4; ++lane) store<f32>(last + (lane << 2), load<f32>(w + lane * between, 32));
    return;
  }
  memory.fill(taps, 0, 9 * 16);
  for (let lane = 0; lane < count; ++lane) {
    let to = first + ((<usize>lane) << 2);
    for (let tap: usize = 0; tap < 9; ++tap) {
      store<f32>(to, load<f32>(w + (tap << 2)));
      to += next;
    }
    w += between;
  }
}

/**
 * y = act(factor·(w ∗ x) + bias), as `Finish` has it, the weights already transformed, from `kept` on, if that is not 0. A
 * piece is a row of tiles, or, with `byRows`, a panel of outputs: then each thread transforms all inputs.
 */
export function winograd(
  from: i32,
  to: i32,
  x: usize,
  factor: usize,
  bias: usize,
  y: usize,
  leak: f32,
  kept: usize,
  byRows: bool,
): void {
  const t = Tiles.current;
  const matrices = <usize>t.matrices;
  const weights = kept ? kept : common;
  const steps = t.channels;
  const across = t.across;
  const weightSlice = sliceBytes(t.outputs, steps);
  const firstOutput = byRows ? Panels.start(from, t.outputs) : 0;
  const lastOutput = byRows ? Panels.start(to, t.outputs) : t.outputs;
  const firstWeight = weights + ((<usize>(firstOutput * steps)) << 2);
  const firstRow = byRows ? 0 : from;
  const lastRow = byRows ? t.n * t.down : to;
  for (let row = firstRow; row < lastRow; row += t.rows) {
    const rows = min(t.rows, lastRow - row);
    const panels = (rows * across + 7) >> 3;
    const panelBytes = (<usize>steps) << 5;
    const inputs = t.rest;
    const inputSlice = apart(<usize>panels * panelBytes);
    const outputs = inputs + matrices * inputSlice;
    const outputRow = (<usize>panels) << 5;
    const outputSlice = apart(<usize>t.outputs * outputRow);
    if (((rows * across) & 7) != 0) {
      // What fills the last panel up counts for nothing, but must be numbers.
      const last = inputs + <usize>(panels - 1) * panelBytes;
      for (let i: usize = 0; i < matrices; ++i) memory.fill(last + i * inputSlice, 0, panelBytes);
    }
    for (let channel = 0; channel < steps; ++channel) {
      for (let i = 0; i < rows; ++i) {
        stageInput(t, x, channel, row + i);
        putPacked(t, inputs + ((<usize>channel) << 5), i * across, panelBytes, inputSlice);
      }
    }
    for (let i: usize = 0; i < matrices; ++i) {
      for (let panel: usize = 0; panel < <usize>panels; ++panel) {
        const columns = inputs + i * inputSlice + panel * panelBytes;
        const target = outputs + i * outputSlice + <usize>firstOutput * outputRow + (panel << 5);
        const part = firstWeight + i * weightSlice;
        panelProduct(lastOutput - firstOutput, steps, part, columns, target, outputRow, false, t.base);
      }
    }
    for (let output = firstOutput; output < lastOutput; ++output) {
      const scale = f32x4.splat(Finish.factorOf(factor, output));
      const offset = f32x4.splat(Finish.biasOf(bias, output));
      for (let i = 0; i < rows; ++i) {
        const source = outputs + <usize>output * outputRow + ((<usize>(i * across)) << 2);
        putOutput(t, source, outputSlice, scale, offset, f32x4.splat(leak), y, output, row + i);
      }
    }
  }
}

/** The input rows that a row of tiles sees, with their padding. */
export function stageInput(t: Tiles, x: usize, channel: i32, row: i32): void {
  const image = row / t.down;
  const plane = x + ((<usize>(image * t.channels + channel) * <usize>(t.height * t.width)) << 2);
  const first = (row % t.down) * t.size - t.padY;
  stageRows(plane, t.height, t.width, first, t.padX, t.size + 2, t.staged, t.stagedRow);
}

/** Rows [first, first + rows) of a plane, shifted right by `pad`, zeros around them. */
function stageRows(
  plane: usize,
  height: i32,
  width: i32,
  first: i32,
  pad: i32,
  rows: i32,
  to: usize,
  rowBytes: usize,
): void {
  // Rows are short: what memory.copy and memory.fill do before they begin would take longer than what they do.
  const zero = f32x4.splat(0);
  const before = (<usize>pad) << 2;
  const inside = min((<usize>width) << 2, rowBytes - before);
  const behind = (before + inside) & ~15;
  for (let row = first; row < first + rows; ++row) {
    const isInside = row >= 0 && row < height;
    // Zeros for all that stays empty, and for some of what is filled next.
    v128.store(to, zero);
    for (let i: usize = isInside ? behind : 16; i < rowBytes; i += 16) v128.store(to + i, zero);
    if (isInside) copyRow(plane + ((<usize>(row * width)) << 2), to + before, inside);
    to += rowBytes;
  }
}

/** So many bytes: vector by vector, the last of which overlaps the one before it. */
function copyRow(from: usize, to: usize, bytes: usize): void {
  if (bytes < 16) {
    for (let i: usize = 0; i < bytes; i += 4) store<f32>(to + i, load<f32>(from + i));
    return;
  }
  const last = bytes - 16;
  for (let i: usize = 0; i < last; i += 16) v128.store(to + i, v128.load(from + i));
  v128.store(to + last, v128.load(from + last));
}

/** Transforms the staged tiles and puts them into panels, from tile `first` of the block on. */
function putPacked(t: Tiles, to: usize, first: i32, panelBytes: usize, slice: usize): void {
  const across = t.across;
  let staged = t.staged;
  for (let tile = 0; tile < across; tile += 4) {
    const count = min(4, across - tile);
    const column = first + tile;
    const target = to + <usize>(column >> 3) * panelBytes + ((<usize>(column & 7)) << 2);
    if (count == 4 && (column & 7) <= 4) transformTile(t, staged, target, slice);
    else {
      transformTile(t, staged, t.vectors, 16);
      for (let lane = 0; lane < count; ++lane) {
        const at = column + lane;
        copyLane(
          t.matrices,
          t.vectors + ((<usize>lane) << 2),
          to + <usize>(at >> 3) * panelBytes + ((<usize>(at & 7)) << 2),
          slice,
        );
      }
    }
    staged += (<usize>t.size) << 4;
  }
}

/** Transforms four input tiles, from `staged` on. */
function transformTile(t: Tiles, staged: usize, to: usize, step: usize): void {
  if (t.size == 4) transformInput(staged, t.stagedRow, to, step, t.transforms);
  else two.transformInput(staged, t.stagedRow, to, step, t.transforms);
}

/** One lane of as many vectors, each to its matrix. */
function copyLane(matrices: i32, vectors: usize, to: usize, slice: usize): void {
  for (let i = 0; i < matrices; ++i) {
    store<f32>(to, load<f32>(vectors));
    vectors += 16;
    to += slice;
  }
}

/** Transforms a row of tiles back, finishes it, and puts it where it belongs. */
export function putOutput(
  t: Tiles,
  from: usize,
  slice: usize,
  factor: v128,
  bias: v128,
  leak: v128,
  y: usize,
  output: i32,
  row: i32,
): void {
  const width = t.outWidth;
  const top = (row % t.down) * t.size;
  const plane = <usize>((row / t.down) * t.outputs + output) * <usize>(t.outHeight * width);
  const start = y + ((plane + <usize>(top * width)) << 2);
  const rows = min(t.size, t.outHeight - top);
  const columns = 4 * t.size;
  const block = t.staged;
  for (let column = 0; column < width; column += columns) {
    if (t.size == 4) transformOutput(from, slice, block, t.transforms);
    else two.transformOutput(from, slice, block, t.transforms);
    const count = min(columns, width - column);
    for (let i = 0; i < rows; ++i) {
      let source = block + ((<usize>(i * columns)) << 2);
      let to = start + ((<usize>(i * width + column)) << 2);
      let left = count;
      for (; left >= 4; left -= 4) {
        v128.store(to, Finish.apply(v128.load(source), factor, bias, leak));
        source += 16;
        to += 16;
      }
      for (; left > 0; --left) {
        Lanes.storeOne(to, Finish.apply(Lanes.one(source), factor, bias, leak));
        source += 4;
        to += 4;
      }
    }
    from += 16;
  }
}

/** The four rows of a gradient that belong to a row of tiles of 4×4. */
export function stageGradient(t: Tiles, dy: usize, output: i32, row: i32): void {
  const image = row / t.down;
  const plane = dy + ((<usize>(image * t.outputs + output) * <usize>(t.outHeight * t.outWidth)) << 2);
  stageRows(plane, t.outHeight, t.outWidth, (row % t.down) * 4, 0, 4, t.staged, t.stagedRow);
}

/** Transforms the staged tiles and puts them side by side; what is written beyond the last is overwritten later. */
export function putDense(t: Tiles, to: usize, slice: usize, isGradient: bool): void {
  const across = t.across;
  let staged = t.staged;
  for (let tile = 0; tile < across; tile += 4) {
    const count = across - tile;
    const isWhole = count >= 4;
    const vectors = isWhole ? to : t.vectors;
    const step = isWhole ? slice : 16;
    if (isGradient) transformGradient(staged, t.stagedRow, vectors, step, t.transforms);
    else transformTile(t, staged, vectors, step);
    if (!isWhole) {
      for (let lane: usize = 0; lane < <usize>count; ++lane) {
        copyLane(t.matrices, vectors + (lane << 2), to + (lane << 2), slice);
      }
    }
    to += 16;
    staged += (<usize>t.size) << 4;
  }
}

/** Adds the lanes of nine vectors to the taps of neighbouring filters. */
export function addTaps(taps: usize, count: i32, dw: usize): void {
  for (let lane = 0; lane < count; ++lane) {
    let from = taps + ((<usize>lane) << 2);
    for (let tap = 0; tap < 9; ++tap) {
      store<f32>(dw, load<f32>(dw) + load<f32>(from));
      from += 16;
      dw += 4;
    }
  }
}
