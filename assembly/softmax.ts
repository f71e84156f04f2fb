import { Exp } from "./exp";
import { Lanes } from "./lanes";
import { map, mapFew, zip } from "./map";

// Softmax over the middle axis of x (outer, dim, inner), in single precision and in this order of rounding, which is
// part of its definition: what one class has more than the others is what rounding leaves. A piece is a distribution,
// counted through outer and inner. All may work in place.

@unmanaged
class ExpMinus {
  @inline
  apply(x: v128, largest: v128, _q: v128): v128 {
    return Exp.four(f32x4.sub(x, largest));
  }
}

@unmanaged
class Over {
  @inline
  apply(x: v128, total: v128, _q: v128): v128 {
    return f32x4.div(x, total);
  }
}

@unmanaged
class MinusTimes {
  @inline
  apply(dy: v128, y: v128, total: v128, _q: v128): v128 {
    return f32x4.mul(f32x4.sub(dy, total), y);
  }
}

/** Values are neighbours: the maximum and the sum are taken one by one, in order. */
function softmaxRow(x: usize, y: usize, dim: i32): void {
  const bytes = (<usize>dim) << 2;
  let largest: f32 = -Infinity;
  for (let i: usize = 0; i < bytes; i += 4) {
    const value = load<f32>(x + i);
    if (value > largest) largest = value;
  }
  mapFew<ExpMinus>(x, y, dim, f32x4.splat(largest), f32x4.splat(0));
  let total: f32 = 0;
  for (let i: usize = 0; i < bytes; i += 4) total += load<f32>(y + i);
  map<Over>(y, y, dim, f32x4.splat(total), f32x4.splat(0));
}

/** Four distributions side by side, or, with one lane, one whose values are `stride` bytes apart. */
function softmaxColumns(x: usize, y: usize, dim: i32, stride: usize, four: bool): void {
  const bytes = <usize>dim * stride;
  let largest = f32x4.splat(-Infinity);
  for (let i: usize = 0; i < bytes; i += stride) {
    largest = f32x4.pmax(largest, four ? v128.load(x + i) : Lanes.one(x + i));
  }
  let total = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += stride) {
    const e = Exp.four(f32x4.sub(four ? v128.load(x + i) : Lanes.one(x + i), largest));
    total = f32x4.add(total, e);
    if (four) v128.store(y + i, e);
    else Lanes.storeOne(y + i, e);
  }
  for (let i: usize = 0; i < bytes; i += stride) {
    if (four) v128.store(y + i, f32x4.div(v128.load(y + i), total));
    else Lanes.storeOne(y + i, f32x4.div(Lanes.one(y + i), total));
  }
}

export function softmax(from: i32, to: i32, x: usize, y: usize, dim: i32, inner: i32): void {
  const stride = (<usize>inner) << 2;
  for (let piece = from; piece < to; ) {
    const column = piece % inner;
    const at = (<usize>(piece / inner) * <usize>dim * <usize>inner + <usize>column) << 2;
    const four = column + 4 <= inner && piece + 4 <= to;
    if (inner == 1) softmaxRow(x + at, y + at, dim);
    else softmaxColumns(x + at, y + at, dim, stride, four);
    piece += four ? 4 : 1;
  }
}

function gradientRow(y: usize, dy: usize, dx: usize, dim: i32): void {
  let total: f32 = 0;
  for (let i: usize = 0; i < (<usize>dim) << 2; i += 4) total += load<f32>(dy + i) * load<f32>(y + i);
  zip<MinusTimes>(dy, y, dx, dim, f32x4.splat(total), f32x4.splat(0));
}

function gradientColumns(y: usize, dy: usize, dx: usize, dim: i32, stride: usize, four: bool): void {
  const bytes = <usize>dim * stride;
  let total = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += stride) {
    const product = four
      ? f32x4.mul(v128.load(dy + i), v128.load(y + i))
      : f32x4.mul(Lanes.one(dy + i), Lanes.one(y + i));
    total = f32x4.add(total, product);
  }
  for (let i: usize = 0; i < bytes; i += stride) {
    if (four) v128.store(dx + i, f32x4.mul(f32x4.sub(v128.load(dy + i), total), v128.load(y + i)));
    else Lanes.storeOne(dx + i, f32x4.mul(f32x4.sub(Lanes.one(dy + i), total), Lanes.one(y + i)));
  }
}

export function softmaxBackward(from: i32, to: i32, y: usize, dy: usize, dx: usize, dim: i32, inner: i32): void {
  const stride = (<usize>inner) << 2;
  for (let piece = from; piece < to; ) {
    const column = piece % inner;
    const at = (<usize>(piece / inner) * <usize>dim * <usize>inner + <usize>column) << 2;
    const four = column + 4 <= inner && piece + 4 <= to;
    if (inner == 1) gradientRow(y + at, dy + at, dx + at, dim);
    else gradientColumns(y + at, dy + at, dx + at, dim, stride, four);
    piece += four ? 4 : 1;
  }
}
