import { sgemm } from "./env";
import { addTaps, gatherTaps, transformTapsOf } from "./winograd";
import { findStarts, findTargets, putGradient, putInput, putOutput, Tiles } from "./winograd-tiles";
import { transformBytes, transformTaps } from "./winograd-transforms";
import { common, workspace } from "./workspace";

// The kernels of winograd.ts, with dense matrices instead of packed ones, for the products of the native BLAS.

/** Bytes from one matrix of `values` values to the next, chosen so that 36 matrices do not fall into the same cache sets. */
function sliceBytes(count: i32): usize {
  return ((((<usize>count) << 2) + 4095) & ~4095) + 192;
}

/**
 * Transforms weights for tiles of this size to matrices rows×steps. They begin at `kept`, or, if that is 0, in the memory
 * that all threads share. A piece is a row. With `transposed` the weights are (steps, rows, 3, 3) and are rotated by 180°,
 * as the gradient for the input needs them.
 */
export function winogradBlasWeights(
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
  const first = kept ? kept : common;
  const slice = sliceBytes(rows * steps);
  const transforms = workspace;
  const taps = workspace + transformBytes;
  const vectors = taps + 9 * 16;
  const between = <usize>(transposed ? rows : 1) * 36;
  for (let row = from; row < to; ++row) {
    const start = w + <usize>row * (transposed ? 36 : <usize>steps * 36);
    for (let step = 0; step < steps; step += 4) {
      const count = min(4, steps - step);
      gatherTaps(start + <usize>step * between, between, count, transposed, taps);
      transformTapsOf(size, taps, vectors, transforms);
      let source = vectors;
      let target = first + ((<usize>(row * steps + step)) << 2);
      for (let i = 0; i < matrices; ++i) {
        if (count == 4) v128.store(target, v128.load(source));
        else
          for (let lane: usize = 0; lane < <usize>count; ++lane)
            store<f32>(target + 4 * lane, load<f32>(source + 4 * lane));
        source += 16;
        target += slice;
      }
    }
  }
}

/**
 * y = act(multiplier·(w ∗ x) + bias), as `Finish` has it. If `kept` is not 0, the weights are transformed already, and begin
 * there. A piece is a row of tiles; with `byRows` it is 16 outputs, and each thread transforms all inputs.
 */
export function winogradBlas(
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
  const firstOutput = byRows ? 16 * from : 0;
  const lastOutput = byRows ? min(t.outputs, 16 * to) : t.outputs;
  const firstWeight = (kept ? kept : common) + ((<usize>(firstOutput * t.channels)) << 2);
  const firstRow = byRows ? 0 : from;
  const lastRow = byRows ? t.n * t.down : to;
  const across = t.across;
  const steps = t.channels;
  findStarts(t);
  const weightSlice = sliceBytes(t.outputs * steps);
  for (let row = firstRow; row < lastRow; row += t.rows) {
    const rows = min(t.rows, lastRow - row);
    const columns = rows * across;
    const width = (columns + 3) & ~3;
    const rowBytes = (<usize>width) << 2;
    const inputs = t.rest;
    const inputSlice = sliceBytes(steps * width);
    const outputs = inputs + matrices * inputSlice + 16;
    const outputSlice = sliceBytes(t.outputs * width);
    for (let channel = 0; channel < steps; ++channel) {
      putInput(t, x, channel, row, rows, inputs + <usize>channel * rowBytes, 0, inputSlice);
    }
    for (let i: usize = 0; i < matrices; ++i) {
      const a = firstWeight + i * weightSlice;
      const b = inputs + i * inputSlice;
      const target = outputs + i * outputSlice + <usize>firstOutput * rowBytes;
      sgemm(false, false, lastOutput - firstOutput, columns, steps, 1, a, steps, b, width, 0, target, width);
    }
    findTargets(t, row, rows);
    for (let output = firstOutput; output < lastOutput; ++output) {
      putOutput(
        t,
        outputs + <usize>output * rowBytes,
        columns,
        outputSlice,
        multiplier,
        bias,
        negativeSlope,
        y,
        output,
      );
    }
  }
}

/** dw += the gradient of `winogradBlas` for the weights, over all images. A piece is 8 input channels. */
export function winogradBlasGradient(from: i32, to: i32, x: usize, dy: usize, dw: usize): void {
  const t = Tiles.current;
  const first = from * 8;
  addGradient(t, x, dy, dw, first, min(t.channels, to * 8) - first, 0, t.n * t.down);
}

/** `winogradBlasGradient` for few channels: see `winogradGradientParts`. */
export function winogradBlasGradientParts(from: i32, to: i32, x: usize, dy: usize, rows: i32): void {
  const t = Tiles.current;
  const bytes = <usize>(t.outputs * t.channels) * 36;
  for (let part = from; part < to; ++part) {
    const target = common + <usize>part * bytes;
    memory.fill(target, 0, bytes);
    addGradient(t, x, dy, target, 0, t.channels, part * rows, min(t.n * t.down, (part + 1) * rows));
  }
}

/** dw += the gradient for some channels over the rows of tiles from `top` to `bottom`. */
function addGradient(t: Tiles, x: usize, dy: usize, dw: usize, first: i32, channels: i32, top: i32, bottom: i32): void {
  const across = t.across;
  const outputs = t.outputs;
  const sums = t.rest;
  const sumSlice = sliceBytes(outputs * channels);
  findStarts(t);
  const left = sums + 36 * sumSlice + 16;
  for (let row = top; row < bottom; row += t.rows) {
    const rows = min(t.rows, bottom - row);
    const steps = rows * across;
    const width = (steps + 3) & ~3;
    const rowBytes = (<usize>width) << 2;
    const leftSlice = sliceBytes(outputs * width);
    const right = left + 36 * leftSlice + 16;
    const rightSlice = sliceBytes(channels * width);
    for (let output = 0; output < outputs; ++output) {
      putGradient(t, dy, output, row, rows, left + <usize>output * rowBytes, leftSlice);
    }
    for (let channel = 0; channel < channels; ++channel) {
      putInput(t, x, first + channel, row, rows, right + <usize>channel * rowBytes, 0, rightSlice);
    }
    const beta: f32 = row == top ? 0 : 1;
    for (let i: usize = 0; i < 36; ++i) {
      const a = left + i * leftSlice;
      const b = right + i * rightSlice;
      sgemm(false, true, outputs, channels, steps, 1, a, width, b, width, beta, sums + i * sumSlice, channels);
    }
  }
  const taps = left;
  for (let output = 0; output < outputs; ++output) {
    for (let channel = 0; channel < channels; channel += 4) {
      const source = sums + ((<usize>(output * channels + channel)) << 2);
      transformTaps(source, sumSlice, taps, t.transforms);
      addTaps(taps, min(4, channels - channel), dw + <usize>(output * t.channels + first + channel) * 36);
    }
  }
}
