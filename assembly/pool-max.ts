import { Lanes } from "./lanes";
import { Dense, EverySecond, ManyColumns, PoolGeometry, ThreeColumns, TwoColumns } from "./pool-geometry";

// Max pooling. A piece is a plane; the table of each call is its geometry. Where whole windows lie inside the image and
// the stride is 1 or 2, four windows are computed together.
//
// The place of a maximum is stored as −2 − its index, and as −1 while there is none. Later places have lower numbers, and
// only a larger value replaces the maximum, so the lowest number is the place of the maximum.

const lowest: f32 = -f32.MAX_VALUE;

@unmanaged
class Masked {
  @inline
  get isMasked(): bool {
    return true;
  }
}

@unmanaged
class Unmasked {
  @inline
  get isMasked(): bool {
    return false;
  }
}

/** `mask` may be 0. */
export function maxPool(from: i32, to: i32, x: usize, y: usize, mask: usize): void {
  const g = PoolGeometry.current;
  const input = (<usize>g.inputs) << 2;
  const output = (<usize>g.outputs) << 2;
  for (let plane = <usize>from; plane < <usize>to; ++plane) {
    maxPlane(g, x + plane * input, y + plane * output, mask ? mask + plane * output : 0);
  }
}

export function maxPlane(g: PoolGeometry, x: usize, y: usize, mask: usize): void {
  if (g.isGlobal) globalMaximum(x, g.inputs, y, mask);
  else if (mask) maxRows<Masked>(g, x, y, mask);
  else maxRows<Unmasked>(g, x, y, 0);
}

function maxRows<M>(g: PoolGeometry, x: usize, y: usize, mask: usize): void {
  const first = g.firstInside;
  const inside = g.inside;
  if (inside == 0) {
    maxColumns<M>(g, x, 0, g.outputWidth, y, mask);
    return;
  }
  if (g.isTwoByTwo) fourOfTwo<M>(g, x, inside, y, mask);
  else if (g.strideWidth == 1) fourByColumns<Dense, M>(g, x, first, inside, y, mask);
  else fourByColumns<EverySecond, M>(g, x, first, inside, y, mask);
  if (first > 0) maxColumns<M>(g, x, 0, first, y, mask);
  if (first + inside < g.outputWidth) maxColumns<M>(g, x, first + inside, g.outputWidth, y, mask);
}

/** Columns [from, to) of the output, window by window, in one lane, without branches, since the processor cannot predict them. */
function maxColumns<M>(g: PoolGeometry, x: usize, from: i32, to: i32, y: usize, mask: usize): void {
  const masks = changetype<M>(0);
  const one = f32x4.splat(1);
  for (let row = 0; row < g.outputHeight; ++row) {
    const top = g.top(row);
    const bottom = g.bottom(row);
    for (let column = from; column < to; ++column) {
      const left = g.left(column);
      const width = g.right(column) - left;
      let largest = f32x4.splat(lowest);
      let where = f32x4.splat(-1);
      for (let i = top; i < bottom; ++i) {
        const index = i * g.width + left;
        const start = x + ((<usize>index) << 2);
        let at = f32x4.splat(-2 - <f32>index);
        for (let p = start; p < start + ((<usize>width) << 2); p += 4) {
          const value = v128.load32_splat(p);
          if (masks.isMasked) where = f32x4.pmin(where, v128.and(at, f32x4.gt(value, largest)));
          largest = f32x4.pmax(largest, value);
          if (masks.isMasked) at = f32x4.sub(at, one);
        }
      }
      const place = (<usize>(row * g.outputWidth + column)) << 2;
      Lanes.storeOne(y + place, largest);
      if (masks.isMasked) Lanes.storeOne(mask + place, f32x4.sub(f32x4.splat(-2), where));
    }
  }
}

function fourByColumns<C, M>(g: PoolGeometry, x: usize, first: i32, count: i32, y: usize, mask: usize): void {
  if (g.kernelWidth == 2) fourMaxima<C, TwoColumns, M>(g, x, first, count, y, mask);
  else if (g.kernelWidth == 3) fourMaxima<C, ThreeColumns, M>(g, x, first, count, y, mask);
  else fourMaxima<C, ManyColumns, M>(g, x, first, count, y, mask);
}

/** 1, written so that the compiler keeps it in a register. */
function oneOf(width: v128): v128 {
  return f32x4.div(width, width);
}

/** The maxima of windows of 2×2 that lie side by side; the last row of windows may have one row only. */
function fourOfTwo<M>(g: PoolGeometry, x: usize, count: i32, y: usize, mask: usize): void {
  const masks = changetype<M>(0);
  const columns = changetype<EverySecond>(0);
  const line = (<usize>g.width) << 2;
  const outputLine = (<usize>g.outputWidth) << 2;
  const width = f32x4.splat(<f32>g.width);
  const one = oneOf(width);
  const lanes = f32x4(-2, -4, -6, -8);
  const worst = f32x4.mul(one, f32x4.splat(lowest));
  const none = f32x4.neg(one);
  const last = (<usize>(count - 4)) << 2;
  for (let row = 0; row < g.outputHeight; ++row) {
    const start = f32x4.sub(lanes, f32x4.mul(width, f32x4.splat(2 * <f32>row)));
    // A missing second row is replaced by the first, which changes no maximum.
    const below: usize = 2 * row + 1 < g.height ? line : 0;
    for (let i: usize = 0; i <= last + 12; i += 16) {
      // The last four windows may overlap those before.
      const group = min(i, last);
      const p = x + 2 * group;
      const low0 = columns.low(p);
      const high0 = columns.high(p);
      const low1 = columns.low(p + below);
      const high1 = columns.high(p + below);
      const v00 = columns.first(low0, high0);
      const v01 = columns.second(low0, high0);
      const v10 = columns.first(low1, high1);
      const v11 = columns.second(low1, high1);
      const m00 = f32x4.pmax(worst, v00);
      const m01 = f32x4.pmax(m00, v01);
      const m10 = f32x4.pmax(m01, v10);
      v128.store(y + group, f32x4.pmax(m10, v11));
      if (masks.isMasked) {
        const at0 = f32x4.sub(start, f32x4.splat(<f32>(<i32>(group >> 1))));
        const at1 = f32x4.sub(at0, one);
        const at2 = f32x4.sub(at0, width);
        const at3 = f32x4.sub(at1, width);
        const where0 = f32x4.pmin(v128.and(at0, f32x4.gt(v00, worst)), none);
        const where1 = f32x4.pmin(v128.and(at1, f32x4.gt(v01, m00)), where0);
        const where2 = f32x4.pmin(v128.and(at2, f32x4.gt(v10, m01)), where1);
        const where3 = f32x4.pmin(v128.and(at3, f32x4.gt(v11, m10)), where2);
        v128.store(mask + group, f32x4.sub(f32x4.splat(-2), where3));
      }
    }
    x += 2 * line;
    y += outputLine;
    if (masks.isMasked) mask += outputLine;
  }
}

/** In each row, computes `count` windows side by side, four or more, from column `first` of the output on. */
function fourMaxima<C, K, M>(g: PoolGeometry, x: usize, first: i32, count: i32, y: usize, mask: usize): void {
  const columns = changetype<C>(0);
  const known = changetype<K>(0);
  const masks = changetype<M>(0);
  const stride = columns.stride;
  const kernel = g.kernelWidth;
  const line = (<usize>g.width) << 2;
  const width = f32x4.splat(<f32>g.width);
  const one = oneOf(width);
  const lanes = f32x4.mul(f32x4(-0, -1, -2, -3), f32x4.splat(<f32>stride));
  const left = g.left(first);
  const outputLine = (<usize>g.outputWidth) << 2;
  for (let row = 0; row < g.outputHeight; ++row) {
    const top = g.top(row);
    const rows = g.bottom(row) - top;
    const rowStart = top * g.width + left;
    for (let i = 0; i < count; i += 4) {
      // The last four windows may overlap those before.
      const group = min(i, count - 4);
      const index = rowStart + group * stride;
      let p = x + ((<usize>index) << 2);
      let largest = f32x4.splat(lowest);
      let where = f32x4.splat(-1);
      let place = f32x4.add(f32x4.splat(-2 - <f32>index), lanes);
      for (let rest = rows; rest > 0; --rest) {
        let at = place;
        if (known.count == 0) {
          for (let tap = 0; tap < kernel; ++tap) {
            const values = columns.any(p + ((<usize>tap) << 2));
            if (masks.isMasked) {
              where = f32x4.pmin(where, v128.and(at, f32x4.gt(values, largest)));
              at = f32x4.sub(at, one);
            }
            largest = f32x4.pmax(largest, values);
          }
        } else {
          const low = columns.low(p);
          const high = columns.high(p);
          const values0 = columns.first(low, high);
          if (masks.isMasked) where = f32x4.pmin(where, v128.and(at, f32x4.gt(values0, largest)));
          largest = f32x4.pmax(largest, values0);
          const values1 = columns.second(low, high);
          if (masks.isMasked) {
            at = f32x4.sub(at, one);
            where = f32x4.pmin(where, v128.and(at, f32x4.gt(values1, largest)));
          }
          largest = f32x4.pmax(largest, values1);
          if (known.count == 3) {
            const values2 = columns.third(values0, columns.last(p));
            if (masks.isMasked) {
              at = f32x4.sub(at, one);
              where = f32x4.pmin(where, v128.and(at, f32x4.gt(values2, largest)));
            }
            largest = f32x4.pmax(largest, values2);
          }
        }
        p += line;
        if (masks.isMasked) place = f32x4.sub(place, width);
      }
      const target = (<usize>(first + group)) << 2;
      v128.store(y + target, largest);
      if (masks.isMasked) v128.store(mask + target, f32x4.sub(f32x4.splat(-2), where));
    }
    y += outputLine;
    if (masks.isMasked) mask += outputLine;
  }
}

/** The largest of all values of a plane, in four lanes first. */
function globalMaximum(x: usize, count: i32, y: usize, mask: usize): void {
  let largest = f32x4.splat(lowest);
  let where = f32x4.splat(-1);
  let place = f32x4(-2, -3, -4, -5);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const values = v128.load(x + ((<usize>i) << 2));
    where = f32x4.pmin(where, v128.and(place, f32x4.gt(values, largest)));
    largest = f32x4.pmax(largest, values);
    place = f32x4.sub(place, f32x4.splat(4));
  }
  let best = f32x4.extract_lane(largest, 0);
  let at = f32x4.extract_lane(where, 0);
  // Of equal maxima the first one counts: that of the higher number.
  const value1 = f32x4.extract_lane(largest, 1);
  const at1 = f32x4.extract_lane(where, 1);
  if (isBefore(value1, at1, best, at)) {
    best = value1;
    at = at1;
  }
  const value2 = f32x4.extract_lane(largest, 2);
  const at2 = f32x4.extract_lane(where, 2);
  if (isBefore(value2, at2, best, at)) {
    best = value2;
    at = at2;
  }
  const value3 = f32x4.extract_lane(largest, 3);
  const at3 = f32x4.extract_lane(where, 3);
  if (isBefore(value3, at3, best, at)) {
    best = value3;
    at = at3;
  }
  for (; i < count; ++i) {
    const value = load<f32>(x + ((<usize>i) << 2));
    if (value > best) {
      best = value;
      at = -2 - <f32>i;
    }
  }
  store<f32>(y, best);
  if (mask) store<f32>(mask, -2 - at);
}

function isBefore(value: f32, at: f32, best: f32, bestAt: f32): bool {
  return value > best || (value == best && at > bestAt);
}
