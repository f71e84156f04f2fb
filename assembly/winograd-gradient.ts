import { blockProduct, maxRows, Scratch } from "./gemm";
import { Lanes } from "./lanes";
import { packA, packTransposedB } from "./pack";
import { addTaps, apart } from "./winograd";
import { findStarts, putGradient, putInput, Tiles } from "./winograd-tiles";
import { transformTaps } from "./winograd-transforms";
import { common } from "./workspace";

// The gradient of winograd.ts for the weights. Input tiles and the output's gradient are both transformed; 36 matrix
// products of these, over all tiles, give the transform of the gradient.

/** Input channels whose gradients are computed together. */
const fewChannels: i32 = 64;
/** With at most this many filters of one channel, packing takes longer than it saves. */
const fewFilters: i32 = 48 * 48;

/** dw += the gradient for the weights, over all images. A piece is 8 input channels. */
export function winogradGradient(from: i32, to: i32, x: usize, dy: usize, dw: usize): void {
  const t = Tiles.current;
  const last = min(t.channels, to * 8);
  for (let channel = from * 8; channel < last; channel += fewChannels) {
    addGradient(t, x, dy, dw, channel, min(fewChannels, last - channel), 0, t.n * t.down);
  }
}

/**
 * `winogradGradient` for few channels. Transforms take longer than products then, so no two threads should compute the
 * same ones. A piece is a group of rows of tiles; its gradient is written to memory that all threads share.
 */
export function winogradGradientParts(from: i32, to: i32, x: usize, dy: usize, rows: i32): void {
  const t = Tiles.current;
  const bytes = <usize>(t.outputs * t.channels) * 36;
  for (let part = from; part < to; ++part) {
    const target = common + <usize>part * bytes;
    memory.fill(target, 0, bytes);
    addGradient(t, x, dy, target, 0, t.channels, part * rows, min(t.n * t.down, (part + 1) * rows));
  }
}

/** Adds up the gradients of `winogradGradientParts`. A piece is the 9 taps of a filter for one channel. */
export function winogradGradientSum(from: i32, to: i32, dw: usize, parts: i32, filters: i32): void {
  const bytes = <usize>filters * 36;
  const end = dw + <usize>to * 36;
  let source = common + <usize>from * 36;
  for (let target = dw + <usize>from * 36; target < end; target += 4) {
    let sum: f32 = 0;
    for (let part: usize = 0; part < <usize>parts; ++part) sum += load<f32>(source + part * bytes);
    store<f32>(target, load<f32>(target) + sum);
    source += 4;
  }
}

/** dw += the gradient for some channels over the rows of tiles from `top` to `bottom`. */
function addGradient(t: Tiles, x: usize, dy: usize, dw: usize, first: i32, channels: i32, top: i32, bottom: i32): void {
  const across = t.across;
  const outputs = t.outputs;
  const areFew = outputs * channels <= fewFilters;
  const sums = t.rest;
  const sumRow = (<usize>((channels + 3) & ~3)) << 2;
  const sumSlice = apart(<usize>outputs * sumRow);
  const left = sums + 36 * sumSlice;
  memory.fill(sums, 0, 36 * sumSlice);
  findStarts(t);
  for (let row = top; row < bottom; row += t.rows) {
    const rows = min(t.rows, bottom - row);
    const rowBytes = (<usize>((rows * across + 3) & ~3)) << 2;
    const leftSlice = apart(<usize>outputs * rowBytes);
    const right = left + 36 * leftSlice;
    const rightSlice = apart(<usize>((channels + 3) & ~3) * rowBytes);
    for (let output = 0; output < outputs; ++output) {
      putGradient(t, dy, output, row, rows, left + <usize>output * rowBytes, leftSlice);
    }
    for (let channel = 0; channel < channels; ++channel) {
      putInput(t, x, first + channel, row, rows, right + <usize>channel * rowBytes, 0, rightSlice);
    }
    for (let i: usize = 0; i < 36; ++i) {
      const a = left + i * leftSlice;
      const b = right + i * rightSlice;
      const target = sums + i * sumSlice;
      if (areFew) addDots(outputs, channels, a, b, rowBytes, target, sumRow);
      else addPacked(t, channels, rows * across, a, b, rowBytes, target, sumRow);
    }
  }
  const taps = left;
  for (let output = 0; output < outputs; ++output) {
    for (let channel = 0; channel < channels; channel += 4) {
      const source = sums + <usize>output * sumRow + ((<usize>channel) << 2);
      transformTaps(source, sumSlice, taps, t.transforms);
      const to = dw + <usize>(output * t.channels + first + channel) * 36;
      addTaps(taps, min(4, channels - channel), to);
    }
  }
}

/** sums[outputs, channels] += left[outputs, steps]·right[channels, steps]ᵀ, by a packed product. */
function addPacked(
  t: Tiles,
  channels: i32,
  steps: i32,
  left: usize,
  right: usize,
  rowBytes: usize,
  sums: usize,
  sumRow: usize,
): void {
  packTransposedB(right, rowBytes, steps, channels, Scratch.b(t.base), (<usize>steps) << 5);
  for (let output = 0; output < t.outputs; output += maxRows) {
    const rows = min(maxRows, t.outputs - output);
    packA(left + <usize>output * rowBytes, rowBytes, 4, rows, steps, 1, Scratch.a(t.base), 0, steps);
    blockProduct(rows, channels, steps, sums + <usize>output * sumRow, sumRow, true, t.base);
  }
}

/**
 * The same product without packing, vector by vector. It is faster if each value is multiplied only a few times. Channels
 * that pad a group of four have no effect.
 */
function addDots(
  outputs: i32,
  channels: i32,
  left: usize,
  right: usize,
  rowBytes: usize,
  sums: usize,
  sumRow: usize,
): void {
  for (let channel = 0; channel < channels; channel += 4) {
    let a = left;
    let target = sums;
    for (let rows = outputs; rows > 0; ) {
      // The last rows are never a single one: Winograd is used for 16 or more.
      const some = rows == 2 || rows == 4 ? 2 : 3;
      if (some == 2) dot2(a, right, rowBytes, target, sumRow);
      else dot3(a, right, rowBytes, target, sumRow);
      a += <usize>some * rowBytes;
      target += <usize>some * sumRow;
      rows -= some;
    }
    right += 4 * rowBytes;
    sums += 16;
  }
}

/** Products of three rows with four rows; 12 sums and 4 operands stay in registers. */
function dot3(a: usize, b: usize, rowBytes: usize, sums: usize, sumRow: usize): void {
  const b1 = b + rowBytes;
  const b2 = b1 + rowBytes;
  const b3 = b2 + rowBytes;
  const a1 = a + rowBytes;
  const a2 = a1 + rowBytes;
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  let s20 = s00;
  let s21 = s00;
  let s22 = s00;
  let s23 = s00;
  for (let i: usize = 0; i < rowBytes; i += 16) {
    const u = v128.load(a + i);
    const v = v128.load(a1 + i);
    const w = v128.load(a2 + i);
    let c = v128.load(b + i);
    s00 = Lanes.madd(u, c, s00);
    s10 = Lanes.madd(v, c, s10);
    s20 = Lanes.madd(w, c, s20);
    c = v128.load(b1 + i);
    s01 = Lanes.madd(u, c, s01);
    s11 = Lanes.madd(v, c, s11);
    s21 = Lanes.madd(w, c, s21);
    c = v128.load(b2 + i);
    s02 = Lanes.madd(u, c, s02);
    s12 = Lanes.madd(v, c, s12);
    s22 = Lanes.madd(w, c, s22);
    c = v128.load(b3 + i);
    s03 = Lanes.madd(u, c, s03);
    s13 = Lanes.madd(v, c, s13);
    s23 = Lanes.madd(w, c, s23);
  }
  addLanes(sums, s00, s01, s02, s03);
  addLanes(sums + sumRow, s10, s11, s12, s13);
  addLanes(sums + 2 * sumRow, s20, s21, s22, s23);
}

/** Products of two rows with four rows. */
function dot2(a: usize, b: usize, rowBytes: usize, sums: usize, sumRow: usize): void {
  const b1 = b + rowBytes;
  const b2 = b1 + rowBytes;
  const b3 = b2 + rowBytes;
  const a1 = a + rowBytes;
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  for (let i: usize = 0; i < rowBytes; i += 16) {
    const u = v128.load(a + i);
    const v = v128.load(a1 + i);
    let c = v128.load(b + i);
    s00 = Lanes.madd(u, c, s00);
    s10 = Lanes.madd(v, c, s10);
    c = v128.load(b1 + i);
    s01 = Lanes.madd(u, c, s01);
    s11 = Lanes.madd(v, c, s11);
    c = v128.load(b2 + i);
    s02 = Lanes.madd(u, c, s02);
    s12 = Lanes.madd(v, c, s12);
    c = v128.load(b3 + i);
    s03 = Lanes.madd(u, c, s03);
    s13 = Lanes.madd(v, c, s13);
  }
  addLanes(sums, s00, s01, s02, s03);
  addLanes(sums + sumRow, s10, s11, s12, s13);
}

/** Adds the sum of each vector's lanes to one of four values. */
function addLanes(to: usize, s0: v128, s1: v128, s2: v128, s3: v128): void {
  const low = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), v128.shuffle<f32>(s0, s1, 2, 6, 3, 7));
  const high = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), v128.shuffle<f32>(s2, s3, 2, 6, 3, 7));
  const sums = f32x4.add(v128.shuffle<f64>(low, high, 0, 2), v128.shuffle<f64>(low, high, 1, 3));
  v128.store(to, f32x4.add(v128.load(to), sums));
}
