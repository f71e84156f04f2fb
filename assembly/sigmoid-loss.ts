import { normalizer } from "./labels";
import { Lanes } from "./lanes";
import { Logistic } from "./logistic";
import { zip } from "./map";

// The elementwise cross entropy of sigmoid(x) and targets; see labels.ts for `ignore` and `given`.

class Cost {
  /** log(1 + e^x) − x·target of two f64, 0 for ignored ones */
  @inline
  static two(x: v128, target: v128, ignore: v128): v128 {
    const cost = f64x2.sub(Logistic.integralTwo(x), f64x2.mul(x, target));
    return v128.andnot(cost, f64x2.eq(f64x2.trunc(target), ignore));
  }
}

@unmanaged
class CostGradient {
  /** `multiplier` and `ignore` as two f64 */
  @inline
  apply(x: v128, target: v128, multiplier: v128, ignore: v128): v128 {
    const low = CostGradient.two(Lanes.low(x), Lanes.low(target), multiplier, ignore);
    return Lanes.join(low, CostGradient.two(Lanes.high(x), Lanes.high(target), multiplier, ignore));
  }

  @inline
  static two(x: v128, target: v128, multiplier: v128, ignore: v128): v128 {
    const gradient = f64x2.mul(multiplier, f64x2.sub(Logistic.two(x), target));
    return v128.andnot(gradient, f64x2.eq(f64x2.trunc(target), ignore));
  }
}

/** One piece. */
export function sigmoidLoss(
  _from: i32,
  _to: i32,
  x: usize,
  target: usize,
  loss: usize,
  count: i32,
  ignore: f64,
  given: f64,
): void {
  const none = f64x2.splat(ignore);
  const last = (<usize>count) << 2;
  const fours = last & ~15;
  let sums = f64x2.splat(0);
  let at: usize = 0;
  for (; at < fours; at += 16) {
    const v = v128.load(x + at);
    const t = v128.load(target + at);
    sums = f64x2.add(sums, Cost.two(Lanes.low(v), Lanes.low(t), none));
    sums = f64x2.add(sums, Cost.two(Lanes.high(v), Lanes.high(t), none));
  }
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  for (; at < last; at += 4) {
    const cost = Cost.two(Lanes.low(Lanes.one(x + at)), Lanes.low(Lanes.one(target + at)), none);
    sum += f64x2.extract_lane(cost, 0);
  }
  store<f32>(loss, <f32>(sum / normalizer(target, count, ignore, given)));
}

/** A piece is one value. */
export function sigmoidLossBackward(
  from: i32,
  to: i32,
  x: usize,
  target: usize,
  dloss: usize,
  dx: usize,
  count: i32,
  ignore: f64,
  given: f64,
): void {
  const start = (<usize>from) << 2;
  const multiplier = <f64>load<f32>(dloss) / normalizer(target, count, ignore, given);
  zip<CostGradient>(x + start, target + start, dx + start, to - from, f64x2.splat(multiplier), f64x2.splat(ignore));
}
