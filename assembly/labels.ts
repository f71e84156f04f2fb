// Labels and indices: integers in f32, rounded towards 0. `ignore` is the label that does not count; NaN means none,
// because nothing equals NaN.

/** The index for a value; −1 if it is not from 0 to `end` − 1. */
export function indexOf(value: f32, end: i32): i32 {
  return value > -1 && value < <f32>end ? <i32>value : -1;
}

export function isIgnored(label: f32, ignore: f64): bool {
  return <f64>trunc(label) == ignore;
}

/** The divisor of a loss: the given number, or, if that is 0, the number of labels that count, at least 1. */
export function normalizer(label: usize, count: i32, ignore: f64, given: f64): f64 {
  if (given != 0) return given;
  const rounded = <f32>ignore;
  // An `ignore` that no f32 equals is equal to no label.
  if (<f64>rounded != ignore) return max(1, <f64>count);
  const total = count;
  const i = f32x4.splat(rounded);
  let sums = i32x4.splat(0);
  for (; count >= 4; count -= 4) {
    sums = i32x4.add(sums, f32x4.eq(f32x4.trunc(v128.load(label)), i));
    label += 16;
  }
  let rest = i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1);
  rest += i32x4.extract_lane(sums, 2) + i32x4.extract_lane(sums, 3);
  for (; count > 0; --count) {
    rest -= <i32>isIgnored(load<f32>(label), ignore);
    label += 4;
  }
  return max(1, <f64>(total + rest));
}
