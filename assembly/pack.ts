import { Lanes } from "./lanes";
import { tall } from "./micro";

// Copies of blocks of A and B in the order in which the micro-kernels read them.
//
// Rows of A go into tall panels of 5 or 6 rows, then panels of 4, so that as few rows as possible remain; the last panel
// is filled up with zeros. Columns of B go into panels of 8, the last filled up with zeros. A panel holds its rows
// (columns) side by side, one step of k after another.

/** The number of tall panels, and of panels of 4 rows after them, that `rows` rows need. */
export class Panels {
  static talls(rows: i32): i32 {
    // Tall panels of an even height and panels of 4 never add up to an odd number: one row of a 4 is left over then.
    const odd = rows & 1 & ~tall;
    for (let fours = odd; 4 * fours <= rows + odd; ++fours) {
      const rest = rows + odd - 4 * fours;
      if (rest % tall == 0) return rest / tall;
    }
    return rows / tall;
  }

  static count(rows: i32): i32 {
    const talls = Panels.talls(rows);
    return talls + (rows - tall * talls + 3) / 4;
  }

  /** Rows of all panels, with the rows that pad the last one. */
  static filled(rows: i32): i32 {
    const talls = Panels.talls(rows);
    return tall * talls + ((rows - tall * talls + 3) & ~3);
  }

  /**
   * The first row of panel `panel`; for the panel after the last, the number of rows. The rows between the starts of two
   * panels make the same panels when they are packed alone.
   */
  static start(panel: i32, rows: i32): i32 {
    const talls = Panels.talls(rows);
    return min(rows, panel < talls ? tall * panel : tall * talls + 4 * (panel - talls));
  }
}

/**
 * Packs alpha·A, m×k, as steps [kFrom, kFrom + k) of panels that hold `kTotal` steps. Strides are in bytes; one of them
 * is 4, that of neighbours.
 */
export function packA(
  src: usize,
  rowStride: usize,
  stepStride: usize,
  m: i32,
  k: i32,
  alpha: f32,
  dst: usize,
  kFrom: i32,
  kTotal: i32,
): void {
  const talls = Panels.talls(m);
  const multiplier = f32x4.splat(alpha);
  for (let i = 0; i < talls; ++i) {
    packPanel(tall, tall, src, rowStride, stepStride, k, multiplier, dst + <usize>(tall * kFrom) * 4);
    src += <usize>tall * rowStride;
    dst += <usize>(tall * kTotal) * 4;
  }
  for (m -= tall * talls; m > 0; m -= 4) {
    packPanel(4, min(4, m), src, rowStride, stepStride, k, multiplier, dst + <usize>(4 * kFrom) * 4);
    src += 4 * rowStride;
    dst += <usize>(4 * kTotal) * 4;
  }
}

function packPanel(
  height: i32,
  rows: i32,
  src: usize,
  rowStride: usize,
  stepStride: usize,
  k: i32,
  multiplier: v128,
  dst: usize,
): void {
  const bytes = <usize>height * 4;
  if (rows < height) {
    packFewRows(bytes, rows, src, rowStride, stepStride, k, multiplier, dst);
    return;
  }
  if (rowStride == 4) {
    for (; k > 0; --k) {
      v128.store(dst, f32x4.mul(multiplier, v128.load(src)));
      if (height == 5) Lanes.storeOne(dst + 16, f32x4.mul(multiplier, Lanes.one(src + 16)));
      if (height == 6) v128.store64_lane(dst, f32x4.mul(multiplier, v128.load64_zero(src, 16)), 0, 16);
      src += stepStride;
      dst += bytes;
    }
    return;
  }
  for (; k >= 4; k -= 4) {
    Lanes.transpose(src, rowStride, dst, bytes, multiplier);
    if (height == tall) transposeRest(src + 4 * rowStride, rowStride, dst, multiplier);
    src += 16;
    dst += 4 * bytes;
  }
  packFewRows(bytes, rows, src, rowStride, stepStride, k, multiplier, dst);
}

/** Puts a tall panel's fifth and, where it has one, sixth row after the first four rows, for four steps. */
export function transposeRest(src: usize, rowStride: usize, dst: usize, multiplier: v128): void {
  const fifth = f32x4.mul(multiplier, v128.load(src));
  if (tall == 5) {
    v128.store32_lane(dst, fifth, 0, 16);
    v128.store32_lane(dst, fifth, 1, 36);
    v128.store32_lane(dst, fifth, 2, 56);
    v128.store32_lane(dst, fifth, 3, 76);
  } else {
    const sixth = f32x4.mul(multiplier, v128.load(src + rowStride));
    const low = v128.shuffle<f32>(fifth, sixth, 0, 4, 1, 5);
    const high = v128.shuffle<f32>(fifth, sixth, 2, 6, 3, 7);
    v128.store64_lane(dst, low, 0, 16);
    v128.store64_lane(dst, low, 1, 40);
    v128.store64_lane(dst, high, 0, 64);
    v128.store64_lane(dst, high, 1, 88);
  }
}

/** Packs single values; rows that the panel lacks become 0. */
function packFewRows(
  bytes: usize,
  rows: i32,
  src: usize,
  rowStride: usize,
  stepStride: usize,
  k: i32,
  multiplier: v128,
  dst: usize,
): void {
  for (; k > 0; --k) {
    let from = src;
    let to = dst;
    for (let row = 0; row < rows; ++row) {
      Lanes.storeOne(to, f32x4.mul(multiplier, Lanes.one(from)));
      from += rowStride;
      to += 4;
    }
    for (; to < dst + bytes; to += 4) store<f32>(to, 0);
    src += stepStride;
    dst += bytes;
  }
}

/** Packs B, k×n, rows `rowStride` bytes apart, into panels `panelBytes` apart. */
export function packB(src: usize, rowStride: usize, k: i32, n: i32, dst: usize, panelBytes: usize): void {
  // Four rows at a time fill whole cache lines of each panel.
  for (; k >= 4; k -= 4) {
    packFour(src, rowStride, n, dst, panelBytes);
    src += 4 * rowStride;
    dst += 128;
  }
  for (; k > 0; --k) {
    packOne(src, n, dst, panelBytes);
    src += rowStride;
    dst += 32;
  }
}

function packFour(src: usize, rowStride: usize, n: i32, dst: usize, panelBytes: usize): void {
  for (; n >= 8; n -= 8) {
    const second = src + rowStride;
    const third = second + rowStride;
    const fourth = third + rowStride;
    v128.store(dst, v128.load(src));
    v128.store(dst, v128.load(src, 16), 16);
    v128.store(dst, v128.load(second), 32);
    v128.store(dst, v128.load(second, 16), 48);
    v128.store(dst, v128.load(third), 64);
    v128.store(dst, v128.load(third, 16), 80);
    v128.store(dst, v128.load(fourth), 96);
    v128.store(dst, v128.load(fourth, 16), 112);
    src += 32;
    dst += panelBytes;
  }
  if (n == 0) return;
  for (let row = 0; row < 4; ++row) {
    packOne(src, n, dst, panelBytes);
    src += rowStride;
    dst += 32;
  }
}

function packOne(src: usize, n: i32, dst: usize, panelBytes: usize): void {
  for (; n >= 8; n -= 8) {
    v128.store(dst, v128.load(src));
    v128.store(dst, v128.load(src, 16), 16);
    src += 32;
    dst += panelBytes;
  }
  if (n == 0) return;
  v128.store(dst, f32x4.splat(0));
  v128.store(dst, f32x4.splat(0), 16);
  for (; n > 0; --n) {
    store<f32>(dst, load<f32>(src));
    src += 4;
    dst += 4;
  }
}

/** Packs B, k×n, given as its transpose, n rows of k values, `rowStride` bytes apart. */
export function packTransposedB(src: usize, rowStride: usize, k: i32, n: i32, dst: usize, panelBytes: usize): void {
  const one = f32x4.splat(1);
  for (; n > 0; n -= 8) {
    let from = src;
    let to = dst;
    let steps = k;
    if (n >= 8) {
      for (; steps >= 4; steps -= 4) {
        Lanes.transpose(from, rowStride, to, 32, one);
        Lanes.transpose(from + 4 * rowStride, rowStride, to + 16, 32, one);
        from += 16;
        to += 128;
      }
    }
    packFewRows(32, min(8, n), from, rowStride, 4, steps, one, to);
    src += 8 * rowStride;
    dst += panelBytes;
  }
}
