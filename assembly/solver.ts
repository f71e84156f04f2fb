import { Lanes } from "./lanes";

/** One step of gradient descent; see the vocabulary. `l1` takes the sign of w for the penalty. A piece is one value. */
export function sgd(
  from: i32,
  to: i32,
  w: usize,
  dw: usize,
  history: usize,
  rate: usize,
  clip: usize,
  rateScale: f32,
  gradientScale: f32,
  momentum: f32,
  decay: f32,
  l1: bool,
): void {
  const start = (<usize>from) << 2;
  w += start;
  dw += start;
  history += start;
  const r = f32x4.splat(load<f32>(rate) * rateScale);
  const g = f32x4.splat(gradientScale * load<f32>(clip));
  const m = f32x4.splat(momentum);
  const d = f32x4.splat(decay);
  let count = to - from;
  for (; count >= 4; count -= 4) {
    const weight = v128.load(w);
    const step = Step.of(weight, v128.load(dw), v128.load(history), r, g, m, d, l1);
    v128.store(history, step);
    v128.store(dw, step);
    v128.store(w, f32x4.sub(weight, step));
    w += 16;
    dw += 16;
    history += 16;
  }
  for (; count > 0; --count) {
    const weight = Lanes.one(w);
    const step = Step.of(weight, Lanes.one(dw), Lanes.one(history), r, g, m, d, l1);
    Lanes.storeOne(history, step);
    Lanes.storeOne(dw, step);
    Lanes.storeOne(w, f32x4.sub(weight, step));
    w += 4;
    dw += 4;
    history += 4;
  }
}

class Step {
  @inline
  static of(w: v128, dw: v128, history: v128, r: v128, g: v128, m: v128, d: v128, l1: bool): v128 {
    const penalty = f32x4.mul(d, l1 ? Step.sign(w) : w);
    const gradient = f32x4.add(f32x4.mul(g, dw), penalty);
    return f32x4.add(f32x4.mul(r, gradient), f32x4.mul(m, history));
  }

  /** ±1; 0 and what is not a number stay what they are. */
  @inline
  static sign(w: v128): v128 {
    const sign = v128.or(v128.and(w, f32x4.splat(-0.0)), f32x4.splat(1));
    return v128.bitselect(sign, w, f32x4.gt(f32x4.abs(w), f32x4.splat(0)));
  }
}
