import { mapDims, zipDims } from "./map";
import { columnTotal, columnTotals, First, Product, total } from "./reduce";
import { workspace } from "./workspace";

// Scale and bias along the middle axis of x (outer, dim, inner). A piece is a plane of `inner` values, or, where `inner`
// is 1, a row of `dim` values, unless a comment says otherwise.

@unmanaged
class Scaled {
  @inline
  apply(x: v128, scale: v128, _q: v128): v128 {
    return f32x4.mul(x, scale);
  }
}

@unmanaged
class ScaledAndShifted {
  @inline
  apply(x: v128, scale: v128, bias: v128): v128 {
    return f32x4.add(f32x4.mul(x, scale), bias);
  }
}

@unmanaged
class Shifted {
  @inline
  apply(x: v128, bias: v128, _q: v128): v128 {
    return f32x4.add(x, bias);
  }
}

@unmanaged
class ScaledPlus {
  @inline
  apply(x: v128, addend: v128, scale: v128, _q: v128): v128 {
    return f32x4.add(f32x4.mul(x, scale), addend);
  }
}

/** y = x·scale[dim] + bias[dim]; if the address `bias` is 0, bias is 0 */
export function scale(from: i32, to: i32, x: usize, scale: usize, bias: usize, y: usize, dim: i32, inner: i32): void {
  if (bias) mapDims<ScaledAndShifted>(from, to, x, y, scale, bias, dim, inner);
  else mapDims<Scaled>(from, to, x, y, scale, scale, dim, inner);
}

export function scaleAdd(
  from: i32,
  to: i32,
  x: usize,
  scale: usize,
  addend: usize,
  y: usize,
  dim: i32,
  inner: i32,
): void {
  zipDims<ScaledPlus>(from, to, x, addend, y, scale, scale, dim, inner);
}

export function bias(from: i32, to: i32, x: usize, bias: usize, y: usize, dim: i32, inner: i32): void {
  mapDims<Shifted>(from, to, x, y, bias, bias, dim, inner);
}

/** A piece is an index of the middle axis, here and below. */
export function scaleBackward(
  from: i32,
  to: i32,
  x: usize,
  dy: usize,
  dscale: usize,
  outer: i32,
  dim: i32,
  inner: i32,
  accumulate: bool,
): void {
  sumDims<Product>(from, to, x, dy, dscale, outer, dim, inner, accumulate);
}

export function biasBackward(
  from: i32,
  to: i32,
  dy: usize,
  dbias: usize,
  outer: i32,
  dim: i32,
  inner: i32,
  accumulate: bool,
): void {
  sumDims<First>(from, to, dy, dy, dbias, outer, dim, inner, accumulate);
}

/** Scratch bytes for the sums of a block. */
export const sumDimsScratch: usize = 8 * 256;

/** y[dim] = Σ term(a, b) over outer and inner, added to y if `accumulate` */
export function sumDims<Term>(
  from: i32,
  to: i32,
  a: usize,
  b: usize,
  y: usize,
  outer: i32,
  dim: i32,
  inner: i32,
  accumulate: bool,
): void {
  const plane = (<usize>inner) << 2;
  const row = plane * <usize>dim;
  // Neighbours along the middle axis are summed together, so that memory is read in longer runs.
  const step = inner == 1 ? 256 : 8;
  for (let first = from; first < to; first += step) {
    const size = min(step, to - first);
    memory.fill(workspace, 0, (<usize>size) << 3);
    let start = plane * <usize>first;
    if (inner == 1) sumColumns<Term>(a + start, b + start, outer, row, size);
    else {
      for (let o = 0; o < outer; ++o) {
        for (let i = 0; i < size; ++i) {
          const at = start + <usize>i * plane;
          const sum = workspace + ((<usize>i) << 3);
          store<f64>(sum, load<f64>(sum) + total<Term>(a + at, b + at, inner));
        }
        start += row;
      }
    }
    for (let i = 0; i < size; ++i) {
      const target = y + ((<usize>(first + i)) << 2);
      const sum = load<f64>(workspace + ((<usize>i) << 3));
      store<f32>(target, <f32>(accumulate ? sum + <f64>load<f32>(target) : sum));
    }
  }
}

function sumColumns<Term>(a: usize, b: usize, rows: i32, stride: usize, size: i32): void {
  let sums = workspace;
  for (; size >= 4; size -= 4) {
    columnTotals<Term>(a, b, rows, stride, sums);
    a += 16;
    b += 16;
    sums += 32;
  }
  for (; size > 0; --size) {
    store<f64>(sums, columnTotal<Term>(a, b, rows, stride));
    a += 4;
    b += 4;
    sums += 8;
  }
}
