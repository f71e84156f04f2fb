import { times } from "./elementwise";
import { Finish } from "./finish";
import { micro4, microTall, tall } from "./micro";
import { Panels, packA, packB, packTransposedB } from "./pack";
import { workspace } from "./workspace";

// C = alpha·op(A)·op(B) + beta·C as BLIS does it: a block of B (kc×nc) and of A (mc×kc) are packed, then tiles of C
// are computed from panels of both. Source: Van Zee and van de Geijn 2015.

/** Blocks hold at most this many rows of A, steps of k, and columns of B. A block of A stays in the L2 cache. */
export const maxRows: i32 = (192 / tall) * tall;
export const maxSteps: i32 = 256;
export const maxColumns: i32 = 1024;

const bytesA: usize = 4 * 192 * 256;
const bytesB: usize = 4 * 256 * 1024;
/** One micro-kernel's tile of C, for panels with fewer rows. */
const bytesTile: usize = 4 * 8 * 4;
/** One panel's width of C for a block's rows, for panels with fewer columns. */
const bytesStrip: usize = 4 * 8 * 192;

/** Scratch memory of products: packed A, packed B, a tile, a strip. The memory for convolutions follows. */
export class Scratch {
  @inline
  static a(base: usize): usize {
    return base;
  }

  @inline
  static b(base: usize): usize {
    return base + bytesA;
  }

  @inline
  static tile(base: usize): usize {
    return base + bytesA + bytesB;
  }

  @inline
  static strip(base: usize): usize {
    return base + bytesA + bytesB + bytesTile;
  }

  @inline
  static rest(base: usize): usize {
    return base + bytesA + bytesB + bytesTile + bytesStrip;
  }
}

/** Scratch bytes `gemm` needs. */
export const gemmScratch: usize = bytesA + bytesB + bytesTile + bytesStrip;

/** The size of equal blocks that cover `size`: at most `most`, and a multiple of `unit`. */
export function blockOf(size: i32, most: i32, unit: i32): i32 {
  const blocks = (size + most - 1) / most;
  return blocks <= 1 ? size : (((size + blocks - 1) / blocks + unit - 1) / unit) * unit;
}

/**
 * C[m, 8] = packed A·one panel of packed B, added to C if `add`, and then finished; rows of C `ldc` bytes apart;
 * `base` is the address of the scratch memory
 */
export function panelProduct(
  m: i32,
  k: i32,
  a: usize,
  b: usize,
  c: usize,
  ldc: usize,
  add: bool,
  base: usize,
  finish: Finish | null = null,
): void {
  const all = m;
  const talls = Panels.talls(m);
  for (let i = 0; i < talls; ++i) {
    microTall(k, a, b, c, ldc, add);
    // Finishes the panel while it is still in the L1 cache.
    if (finish) finish.tile(tall * i, tall, 8, c, ldc);
    a += (<usize>(k * tall)) << 2;
    c += <usize>tall * ldc;
  }
  for (m -= tall * talls; m >= 4; m -= 4) {
    micro4(k, a, b, c, ldc, add);
    if (finish) finish.tile(all - m, 4, 8, c, ldc);
    a += <usize>k * 16;
    c += 4 * ldc;
  }
  if (m > 0) {
    const tile = Scratch.tile(base);
    micro4(k, a, b, tile, 32, false);
    putTile(tile, m, 8, c, ldc, add);
    if (finish) finish.tile(all - m, m, 8, c, ldc);
  }
}

/** Copies the first columns of rows of 8 values to C. */
export function putTile(tile: usize, rows: i32, columns: i32, c: usize, ldc: usize, add: bool): void {
  const bytes = (<usize>columns) << 2;
  for (; rows > 0; --rows) {
    for (let i: usize = 0; i < bytes; i += 4) {
      const value = load<f32>(tile + i);
      store<f32>(c + i, add ? load<f32>(c + i) + value : value);
    }
    tile += 32;
    c += ldc;
  }
}

/** C[m, n] = the packed block of A·that of B, added to C if `add` */
export function blockProduct(m: i32, n: i32, k: i32, c: usize, ldc: usize, add: bool, base: usize): void {
  const a = Scratch.a(base);
  let b = Scratch.b(base);
  for (; n >= 8; n -= 8) {
    panelProduct(m, k, a, b, c, ldc, add, base);
    b += (<usize>k) << 5;
    c += 32;
  }
  if (n <= 0) return;
  const strip = Scratch.strip(base);
  panelProduct(m, k, a, b, strip, 32, false, base);
  putTile(strip, m, n, c, ldc, add);
}

/**
 * A piece is a strip of C: 8 columns, or, with `byRows`, 20 rows. Spans are row-major and dense.
 */
export function gemm(
  from: i32,
  to: i32,
  byRows: bool,
  a: usize,
  b: usize,
  c: usize,
  m: i32,
  n: i32,
  k: i32,
  transA: bool,
  transB: bool,
  alpha: f32,
  beta: f32,
): void {
  const row0 = byRows ? from * 20 : 0;
  const row1 = byRows ? min(m, to * 20) : m;
  const column0 = byRows ? 0 : from * 8;
  const column1 = byRows ? n : min(n, to * 8);
  const aRow: usize = transA ? 4 : (<usize>k) << 2;
  const aStep: usize = transA ? (<usize>m) << 2 : 4;
  const bRow: usize = (transB ? <usize>k : <usize>n) << 2;
  const ldc = (<usize>n) << 2;
  if ((beta != 0 && beta != 1) || k == 0) {
    for (let row = row0; row < row1; ++row) {
      const start = c + <usize>row * ldc + ((<usize>column0) << 2);
      if (beta == 0) memory.fill(start, 0, (<usize>(column1 - column0)) << 2);
      else times(0, column1 - column0, start, start, beta);
    }
  }
  const packedA = Scratch.a(workspace);
  const packedB = Scratch.b(workspace);
  const nc = blockOf(column1 - column0, maxColumns, 8);
  const kc = blockOf(k, maxSteps, 4);
  const mc = blockOf(row1 - row0, maxRows, tall);
  for (let column = column0; column < column1; column += nc) {
    const columns = min(nc, column1 - column);
    for (let step = 0; step < k; step += kc) {
      const steps = min(kc, k - step);
      const panelBytes = (<usize>steps) << 5;
      if (transB)
        packTransposedB(b + <usize>column * bRow + ((<usize>step) << 2), bRow, steps, columns, packedB, panelBytes);
      else packB(b + <usize>step * bRow + ((<usize>column) << 2), bRow, steps, columns, packedB, panelBytes);
      for (let row = row0; row < row1; row += mc) {
        const rows = min(mc, row1 - row);
        packA(a + <usize>row * aRow + <usize>step * aStep, aRow, aStep, rows, steps, alpha, packedA, 0, steps);
        const target = c + <usize>row * ldc + ((<usize>column) << 2);
        blockProduct(rows, columns, steps, target, ldc, beta != 0 || step > 0, workspace);
      }
    }
  }
}
