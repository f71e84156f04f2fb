import { gemmScratch, panelProduct } from "./gemm";
import { Lanes } from "./lanes";
import { tall } from "./micro";
import { Panels, transposeRest } from "./pack";
import * as two from "./winograd-small";
import { findStarts, findTargets, putInput, putOutput, Tiles } from "./winograd-tiles";
import { transformBytes, transformWeights } from "./winograd-transforms";
import { common, workspace } from "./workspace";

// Convolution 3×3 with stride 1 by Winograd's F(4×4, 3×3). Input tiles of 6×6 and the weights are transformed; 36 matrix
// products of these give the transform of output tiles of 4×4, with a quarter of the multiplications. For small outputs
// F(2×2, 3×3) is used: tiles of 4×4 give tiles of 2×2 by 16 products, with four ninths of the multiplications. A block of
// rows of tiles is computed at a time.

/** Scratch bytes of every call, without those that depend on the tiles' sizes and without the call's own blocks. */
export const winogradScratch: usize = 64 + gemmScratch + transformBytes + 36 * 16 + 64;

/**
 * Transforms weights for tiles of this size to packed panels of matrices rows×steps. They begin at `kept`, or, if that is
 * 0, in the memory that all threads share. A piece is a panel. With `transposed` the weights are (steps, rows, 3, 3) and
 * are rotated by 180°, as the gradient for the input needs them.
 */
export function winogradWeights(
  from: i32,
  to: i32,
  w: usize,
  rows: i32,
  steps: i32,
  transposed: bool,
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
  const between = <usize>(transposed ? rows : 1) * 36;
  const rowBytes = transposed ? 36 : <usize>steps * 36;
  for (let panel = from; panel < to; ++panel) {
    const height = panel < talls ? tall : 4;
    const first = Panels.start(panel, rows);
    const there = min(height, rows - first);
    const target = start + ((<usize>(first * steps)) << 2);
    // Filters that pad a panel have no effect, but must not be NaN.
    if (there < height) memory.fill(vectors, 0, <usize>height * vectorBytes);
    for (let step = 0; step < steps; step += 4) {
      const count = min(4, steps - step);
      for (let i = 0; i < there; ++i) {
        gatherTaps(w + <usize>(first + i) * rowBytes + <usize>step * between, between, count, transposed, taps);
        transformTapsOf(size, taps, vectors + <usize>i * vectorBytes, transforms);
      }
      putPanel(matrices, vectors, height, count, target + ((<usize>(step * height)) << 2), slice);
    }
  }
}

/** Nine vectors of taps become one vector for each of the matrices of tiles of this size. */
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

/** `bytes` plus a few, so that 36 matrices one after another do not use the same cache sets. */
export function apart(bytes: usize): usize {
  return ((bytes + 4095) & ~4095) + 192;
}

/** Copies the first lanes of the vectors of `height` rows into the panels, as one step in each matrix. */
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
export function gatherTaps(w: usize, between: usize, count: i32, transposed: bool, taps: usize): void {
  const first = transposed ? taps + 8 * 16 : taps;
  const next: usize = transposed ? -16 : 16;
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
 * y = act(multiplier·(w ∗ x) + bias), as `Finish` has it. If `kept` is not 0, the weights are transformed already, and begin
 * there. A piece is a row of tiles; with `byRows` it is a panel of outputs, and each thread transforms all inputs.
 */
export function winograd(
  from: i32,
  to: i32,
  x: usize,
  multiplier: usize,
  bias: usize,
  y: usize,
  negativeSlope: f32,
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
  findStarts(t);
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
      // Rows that pad the last panel have no effect, but must not be NaN.
      const last = inputs + <usize>(panels - 1) * panelBytes;
      for (let i: usize = 0; i < matrices; ++i) memory.fill(last + i * inputSlice, 0, panelBytes);
    }
    for (let channel = 0; channel < steps; ++channel) {
      putInput(t, x, channel, row, rows, inputs + ((<usize>channel) << 5), panelBytes, inputSlice);
    }
    for (let i: usize = 0; i < matrices; ++i) {
      for (let panel: usize = 0; panel < <usize>panels; ++panel) {
        const columns = inputs + i * inputSlice + panel * panelBytes;
        const target = outputs + i * outputSlice + <usize>firstOutput * outputRow + (panel << 5);
        const part = firstWeight + i * weightSlice;
        panelProduct(lastOutput - firstOutput, steps, part, columns, target, outputRow, false, t.base);
      }
    }
    findTargets(t, row, rows);
    for (let output = firstOutput; output < lastOutput; ++output) {
      const source = outputs + <usize>output * outputRow;
      putOutput(t, source, rows * across, outputSlice, multiplier, bias, negativeSlope, y, output);
    }
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
