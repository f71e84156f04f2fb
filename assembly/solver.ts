import { Four, Lanes, One } from "./lanes";

// One step of each solver type; src/core/kernels/solver.ts has the formulas. All kernels begin with the arguments of
// `Descent`. With `l1` the penalty is the sign of w. A piece is one value.
//
// A rule is a class without fields. Its `step` computes the step for a gradient and a rate, and new histories at the
// addresses `h` and `k`, which it reads and writes by `At`: four values or one. `p`, `q` and `delta` are its parameters.

export function sgd(
  from: i32,
  to: i32,
  w: usize,
  dw: usize,
  rate: usize,
  clip: usize,
  rateScale: f32,
  gradientScale: f32,
  decay: f32,
  l1: bool,
  history: usize,
  momentum: f32,
): void {
  const r = load<f32>(rate) * rateScale;
  const g = gradientScale * load<f32>(clip);
  descend<Momentum>(from, to, w, dw, r, g, decay, l1, history, history, momentum, 0, 0);
}

export function nesterov(
  from: i32,
  to: i32,
  w: usize,
  dw: usize,
  rate: usize,
  clip: usize,
  rateScale: f32,
  gradientScale: f32,
  decay: f32,
  l1: bool,
  history: usize,
  momentum: f32,
): void {
  const r = load<f32>(rate) * rateScale;
  const g = gradientScale * load<f32>(clip);
  descend<Nesterov>(from, to, w, dw, r, g, decay, l1, history, history, momentum, 0, 0);
}

export function adaGrad(
  from: i32,
  to: i32,
  w: usize,
  dw: usize,
  rate: usize,
  clip: usize,
  rateScale: f32,
  gradientScale: f32,
  decay: f32,
  l1: bool,
  history: usize,
  delta: f32,
): void {
  const r = load<f32>(rate) * rateScale;
  const g = gradientScale * load<f32>(clip);
  descend<Squares>(from, to, w, dw, r, g, decay, l1, history, history, 1, 1, delta);
}

export function rmsProp(
  from: i32,
  to: i32,
  w: usize,
  dw: usize,
  rate: usize,
  clip: usize,
  rateScale: f32,
  gradientScale: f32,
  decay: f32,
  l1: bool,
  history: usize,
  rmsDecay: f32,
  delta: f32,
): void {
  const r = load<f32>(rate) * rateScale;
  const g = gradientScale * load<f32>(clip);
  descend<Squares>(from, to, w, dw, r, g, decay, l1, history, history, rmsDecay, 1 - rmsDecay, delta);
}

export function adaDelta(
  from: i32,
  to: i32,
  w: usize,
  dw: usize,
  rate: usize,
  clip: usize,
  rateScale: f32,
  gradientScale: f32,
  decay: f32,
  l1: bool,
  gradients: usize,
  updates: usize,
  momentum: f32,
  delta: f32,
): void {
  const r = load<f32>(rate) * rateScale;
  const g = gradientScale * load<f32>(clip);
  descend<AdaDelta>(from, to, w, dw, r, g, decay, l1, gradients, updates, momentum, 0, delta);
}

export function adam(
  from: i32,
  to: i32,
  w: usize,
  dw: usize,
  rate: usize,
  clip: usize,
  rateScale: f32,
  gradientScale: f32,
  decay: f32,
  l1: bool,
  mean: usize,
  square: usize,
  correction: usize,
  momentum: f32,
  momentum2: f32,
  delta: f32,
): void {
  const r = load<f32>(rate) * rateScale * load<f32>(correction);
  const g = gradientScale * load<f32>(clip);
  descend<Adam>(from, to, w, dw, r, g, decay, l1, mean, square, momentum, momentum2, delta);
}

function descend<Rule>(
  from: i32,
  to: i32,
  w: usize,
  dw: usize,
  rate: f32,
  gradientScale: f32,
  decay: f32,
  l1: bool,
  h: usize,
  k: usize,
  p: f32,
  q: f32,
  delta: f32,
): void {
  const rule = changetype<Rule>(0);
  const r = f32x4.splat(rate);
  const s = f32x4.splat(gradientScale);
  const d = f32x4.splat(decay);
  const ps = f32x4.splat(p);
  const qs = f32x4.splat(q);
  const deltas = f32x4.splat(delta);
  const end = (<usize>to) << 2;
  let at = (<usize>from) << 2;
  for (; at + 16 <= end; at += 16) {
    const weight = v128.load(w + at);
    const g = Gradient.of(weight, v128.load(dw + at), s, d, l1);
    const step = rule.step<Four>(g, r, h + at, k + at, ps, qs, deltas);
    v128.store(dw + at, step);
    v128.store(w + at, f32x4.sub(weight, step));
  }
  for (; at < end; at += 4) {
    const weight = Lanes.one(w + at);
    const g = Gradient.of(weight, Lanes.one(dw + at), s, d, l1);
    const step = rule.step<One>(g, r, h + at, k + at, ps, qs, deltas);
    Lanes.storeOne(dw + at, step);
    Lanes.storeOne(w + at, f32x4.sub(weight, step));
  }
}

class Gradient {
  @inline
  static of(w: v128, dw: v128, scale: v128, decay: v128, l1: bool): v128 {
    return f32x4.add(f32x4.mul(scale, dw), f32x4.mul(decay, l1 ? Gradient.sign(w) : w));
  }

  /** The sign, ±1; 0 and NaN do not change. */
  @inline
  static sign(w: v128): v128 {
    const one = v128.or(v128.and(w, f32x4.splat(-0.0)), f32x4.splat(1));
    return v128.bitselect(one, w, f32x4.gt(f32x4.abs(w), f32x4.splat(0)));
  }
}

@unmanaged
class Momentum {
  @inline
  step<At>(g: v128, rate: v128, h: usize, _k: usize, momentum: v128, _q: v128, _delta: v128): v128 {
    const at = changetype<At>(0);
    const history = f32x4.add(f32x4.mul(rate, g), f32x4.mul(momentum, at.load(h)));
    at.store(h, history);
    return history;
  }
}

@unmanaged
class Nesterov {
  @inline
  step<At>(g: v128, rate: v128, h: usize, _k: usize, momentum: v128, _q: v128, _delta: v128): v128 {
    const at = changetype<At>(0);
    const before = f32x4.mul(momentum, at.load(h));
    const history = f32x4.add(f32x4.mul(rate, g), before);
    at.store(h, history);
    return f32x4.sub(f32x4.mul(f32x4.add(f32x4.splat(1), momentum), history), before);
  }
}

/** AdaGrad and RMSProp: history = decay·history + add·g². */
@unmanaged
class Squares {
  @inline
  step<At>(g: v128, rate: v128, h: usize, _k: usize, decay: v128, add: v128, delta: v128): v128 {
    const at = changetype<At>(0);
    const history = f32x4.add(f32x4.mul(decay, at.load(h)), f32x4.mul(add, f32x4.mul(g, g)));
    at.store(h, history);
    return f32x4.mul(rate, f32x4.div(g, f32x4.add(f32x4.sqrt(history), delta)));
  }
}

@unmanaged
class AdaDelta {
  @inline
  step<At>(g: v128, rate: v128, h: usize, k: usize, momentum: v128, _q: v128, delta: v128): v128 {
    const at = changetype<At>(0);
    const rest = f32x4.sub(f32x4.splat(1), momentum);
    const gradients = f32x4.add(f32x4.mul(momentum, at.load(h)), f32x4.mul(rest, f32x4.mul(g, g)));
    at.store(h, gradients);
    const updates = at.load(k);
    const ratio = f32x4.div(f32x4.add(delta, updates), f32x4.add(delta, gradients));
    const update = f32x4.mul(g, f32x4.sqrt(ratio));
    at.store(k, f32x4.add(f32x4.mul(momentum, updates), f32x4.mul(rest, f32x4.mul(update, update))));
    return f32x4.mul(rate, update);
  }
}

@unmanaged
class Adam {
  @inline
  step<At>(g: v128, rate: v128, h: usize, k: usize, momentum: v128, momentum2: v128, delta: v128): v128 {
    const at = changetype<At>(0);
    const one = f32x4.splat(1);
    const mean = f32x4.add(f32x4.mul(momentum, at.load(h)), f32x4.mul(f32x4.sub(one, momentum), g));
    at.store(h, mean);
    const g2 = f32x4.mul(f32x4.sub(one, momentum2), f32x4.mul(g, g));
    const square = f32x4.add(f32x4.mul(momentum2, at.load(k)), g2);
    at.store(k, square);
    return f32x4.mul(rate, f32x4.div(mean, f32x4.add(f32x4.sqrt(square), delta)));
  }
}
