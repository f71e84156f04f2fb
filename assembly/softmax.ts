import { Exp } from "./exp";
import { Four, Lanes, One } from "./lanes";
import { map, zip } from "./map";

// Softmax over the middle axis of x (outer, dim, inner), in single precision. The order of additions is part of its
// definition: if one class is almost certain, the shares of the others depend on rounding. So a sum is never split into
// partial sums; instead, four distributions are summed at a time. A piece is a distribution, counted through outer and
// inner. All kernels may work in place.

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

export function softmax(from: i32, to: i32, x: usize, y: usize, dim: i32, inner: i32): void {
  const step = (<usize>inner) << 2;
  const end = <usize>dim * step;
  for (let piece = from; piece < to; ) {
    const column = inner == 1 ? 0 : piece % inner;
    const at = (<usize>(piece / inner) * <usize>dim * <usize>inner + <usize>column) << 2;
    const left = inner == 1 ? to - piece : min(inner - column, to - piece);
    if (left >= 4 && inner == 1) {
      softmaxFourRows(x + at, y + at, dim);
      piece += 4;
    } else if (inner == 1) {
      softmaxRow(x + at, y + at, dim);
      piece += 1;
    } else if (left >= 16) {
      softmaxSixteen(x + at, y + at, step, end);
      piece += 16;
    } else if (left >= 4) {
      softmaxColumns<Four>(x + at, y + at, step, end);
      piece += 4;
    } else {
      softmaxColumns<One>(x + at, y + at, step, end);
      piece += 1;
    }
  }
}

function largestOf(x: usize, dim: i32): v128 {
  let most = f32x4.splat(-Infinity);
  let more = most;
  for (; dim >= 8; dim -= 8) {
    most = f32x4.pmax(most, v128.load(x));
    more = f32x4.pmax(more, v128.load(x, 16));
    x += 32;
  }
  most = f32x4.pmax(most, more);
  for (; dim > 0; --dim) {
    most = f32x4.pmax(most, v128.load32_splat(x));
    x += 4;
  }
  most = f32x4.pmax(most, v128.shuffle<f32>(most, most, 2, 3, 0, 1));
  return f32x4.pmax(most, v128.shuffle<f32>(most, most, 1, 0, 3, 2));
}

/** The values of a distribution are neighbours: they are computed four at a time, and summed one by one. */
function softmaxRow(x: usize, y: usize, dim: i32): void {
  const largest = largestOf(x, dim);
  const bytes = (<usize>dim) << 2;
  let total: f32 = 0;
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const e = Exp.ofNegative(f32x4.sub(v128.load(x + at), largest));
    v128.store(y + at, e);
    total += f32x4.extract_lane(e, 0);
    total += f32x4.extract_lane(e, 1);
    total += f32x4.extract_lane(e, 2);
    total += f32x4.extract_lane(e, 3);
  }
  for (; at < bytes; at += 4) {
    const e = Exp.ofNegative(f32x4.sub(Lanes.one(x + at), largest));
    Lanes.storeOne(y + at, e);
    total += f32x4.extract_lane(e, 0);
  }
  map<Over>(y, y, dim, f32x4.splat(total), f32x4.splat(0));
}

/** Four distributions in rows, one after the other. */
function softmaxFourRows(x: usize, y: usize, dim: i32): void {
  const step = (<usize>dim) << 2;
  const a = largestOf(x, dim);
  const b = largestOf(x + step, dim);
  const c = largestOf(x + 2 * step, dim);
  const d = largestOf(x + 3 * step, dim);
  let totals = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 16 <= step; at += 16) {
    const p = x + at;
    const q = y + at;
    const e0 = f32x4.sub(v128.load(p), a);
    const e1 = f32x4.sub(v128.load(p + step), b);
    const e2 = f32x4.sub(v128.load(p + 2 * step), c);
    const e3 = f32x4.sub(v128.load(p + 3 * step), d);
    const y0 = Exp.ofNegative(e0);
    const y1 = Exp.ofNegative(e1);
    const y2 = Exp.ofNegative(e2);
    const y3 = Exp.ofNegative(e3);
    v128.store(q, y0);
    v128.store(q + step, y1);
    v128.store(q + 2 * step, y2);
    v128.store(q + 3 * step, y3);
    totals = Lanes.addInOrder(totals, y0, y1, y2, y3);
  }
  const low = v128.shuffle<f32>(a, b, 0, 4, 0, 4);
  const largest = v128.shuffle<f64>(low, v128.shuffle<f32>(c, d, 0, 4, 0, 4), 0, 2);
  for (; at < step; at += 4) {
    const e = Exp.ofNegative(f32x4.sub(Lanes.gather(x + at, step), largest));
    Lanes.scatter(y + at, step, e);
    totals = f32x4.add(totals, e);
  }
  const none = f32x4.splat(0);
  map<Over>(y, y, dim, v128.shuffle<f32>(totals, totals, 0, 0, 0, 0), none);
  map<Over>(y + step, y + step, dim, v128.shuffle<f32>(totals, totals, 1, 1, 1, 1), none);
  map<Over>(y + 2 * step, y + 2 * step, dim, v128.shuffle<f32>(totals, totals, 2, 2, 2, 2), none);
  map<Over>(y + 3 * step, y + 3 * step, dim, v128.shuffle<f32>(totals, totals, 3, 3, 3, 3), none);
}

/** Distributions side by side, whose values are `step` bytes apart. */
function softmaxColumns<Lane>(x: usize, y: usize, step: usize, end: usize): void {
  const lane = changetype<Lane>(0);
  let largest = f32x4.splat(-Infinity);
  for (let i: usize = 0; i < end; i += step) largest = f32x4.pmax(largest, lane.load(x + i));
  let total = f32x4.splat(0);
  for (let i: usize = 0; i < end; i += step) {
    const e = Exp.ofNegative(f32x4.sub(lane.load(x + i), largest));
    total = f32x4.add(total, e);
    lane.store(y + i, e);
  }
  for (let i: usize = 0; i < end; i += step) lane.store(y + i, f32x4.div(lane.load(y + i), total));
}

/** Sixteen distributions: as many values as a cache line holds. */
function softmaxSixteen(x: usize, y: usize, step: usize, end: usize): void {
  let a = f32x4.splat(-Infinity);
  let b = a;
  let c = a;
  let d = a;
  for (let i: usize = 0; i < end; i += step) {
    const p = x + i;
    a = f32x4.pmax(a, v128.load(p));
    b = f32x4.pmax(b, v128.load(p, 16));
    c = f32x4.pmax(c, v128.load(p, 32));
    d = f32x4.pmax(d, v128.load(p, 48));
  }
  let s = f32x4.splat(0);
  let t = s;
  let u = s;
  let v = s;
  for (let i: usize = 0; i < end; i += step) {
    const p = x + i;
    const q = y + i;
    const e0 = f32x4.sub(v128.load(p), a);
    const e1 = f32x4.sub(v128.load(p, 16), b);
    const e2 = f32x4.sub(v128.load(p, 32), c);
    const e3 = f32x4.sub(v128.load(p, 48), d);
    const y0 = Exp.ofNegative(e0);
    const y1 = Exp.ofNegative(e1);
    const y2 = Exp.ofNegative(e2);
    const y3 = Exp.ofNegative(e3);
    v128.store(q, y0);
    v128.store(q, y1, 16);
    v128.store(q, y2, 32);
    v128.store(q, y3, 48);
    s = f32x4.add(s, y0);
    t = f32x4.add(t, y1);
    u = f32x4.add(u, y2);
    v = f32x4.add(v, y3);
  }
  for (let i: usize = 0; i < end; i += step) {
    const q = y + i;
    v128.store(q, f32x4.div(v128.load(q), s));
    v128.store(q, f32x4.div(v128.load(q, 16), t), 16);
    v128.store(q, f32x4.div(v128.load(q, 32), u), 32);
    v128.store(q, f32x4.div(v128.load(q, 48), v), 48);
  }
}

export function softmaxBackward(from: i32, to: i32, y: usize, dy: usize, dx: usize, dim: i32, inner: i32): void {
  const step = (<usize>inner) << 2;
  const end = <usize>dim * step;
  for (let piece = from; piece < to; ) {
    const column = inner == 1 ? 0 : piece % inner;
    const at = (<usize>(piece / inner) * <usize>dim * <usize>inner + <usize>column) << 2;
    const left = inner == 1 ? to - piece : min(inner - column, to - piece);
    if (left >= 4 && inner == 1) gradientFourRows(y + at, dy + at, dx + at, dim);
    else if (inner == 1) gradientRow(y + at, dy + at, dx + at, dim);
    else if (left >= 4) gradientColumns<Four>(y + at, dy + at, dx + at, step, end);
    else gradientColumns<One>(y + at, dy + at, dx + at, step, end);
    piece += left >= 4 ? 4 : 1;
  }
}

function gradientRow(y: usize, dy: usize, dx: usize, dim: i32): void {
  let total: f32 = 0;
  for (let i: usize = 0; i < (<usize>dim) << 2; i += 4) total += load<f32>(dy + i) * load<f32>(y + i);
  zip<MinusTimes>(dy, y, dx, dim, f32x4.splat(total), f32x4.splat(0));
}

function gradientFourRows(y: usize, dy: usize, dx: usize, dim: i32): void {
  const step = (<usize>dim) << 2;
  let totals = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 16 <= step; at += 16) {
    const p = y + at;
    const q = dy + at;
    const a = f32x4.mul(v128.load(p), v128.load(q));
    const b = f32x4.mul(v128.load(p + step), v128.load(q + step));
    const c = f32x4.mul(v128.load(p + 2 * step), v128.load(q + 2 * step));
    const d = f32x4.mul(v128.load(p + 3 * step), v128.load(q + 3 * step));
    totals = Lanes.addInOrder(totals, a, b, c, d);
  }
  for (; at < step; at += 4) {
    totals = f32x4.add(totals, f32x4.mul(Lanes.gather(y + at, step), Lanes.gather(dy + at, step)));
  }
  const none = f32x4.splat(0);
  zip<MinusTimes>(dy, y, dx, dim, v128.shuffle<f32>(totals, totals, 0, 0, 0, 0), none);
  zip<MinusTimes>(dy + step, y + step, dx + step, dim, v128.shuffle<f32>(totals, totals, 1, 1, 1, 1), none);
  zip<MinusTimes>(dy + 2 * step, y + 2 * step, dx + 2 * step, dim, v128.shuffle<f32>(totals, totals, 2, 2, 2, 2), none);
  zip<MinusTimes>(dy + 3 * step, y + 3 * step, dx + 3 * step, dim, v128.shuffle<f32>(totals, totals, 3, 3, 3, 3), none);
}

function gradientColumns<Lane>(y: usize, dy: usize, dx: usize, step: usize, end: usize): void {
  const lane = changetype<Lane>(0);
  let total = f32x4.splat(0);
  for (let i: usize = 0; i < end; i += step) {
    total = f32x4.add(total, f32x4.mul(lane.load(dy + i), lane.load(y + i)));
  }
  for (let i: usize = 0; i < end; i += step) {
    lane.store(dx + i, f32x4.mul(f32x4.sub(lane.load(dy + i), total), lane.load(y + i)));
  }
}
