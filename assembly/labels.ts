// Labels and indices: whole numbers in f32, cut towards 0. `ignore` is the label that does not count, NaN for none:
// nothing equals that.

/** The index a value stands for; −1 if it is none from 0 to `end` − 1. */
export function indexOf(value: f32, end: i32): i32 {
  return value > -1 && value < <f32>end ? <i32>value : -1;
}

export function isIgnored(label: f32, ignore: f64): bool {
  return <f64>trunc(label) == ignore;
}

/** What a loss is divided by: the number given, or, if that is 0, the number of labels that count, at least 1. */
export function normalizer(label: usize, count: i32, ignore: f64, given: f64): f64 {
  if (given != 0) return given;
  let ignored = 0;
  for (let i = 0; i < count; ++i) ignored += <i32>isIgnored(load<f32>(label + ((<usize>i) << 2)), ignore);
  return max(1, <f64>(count - ignored));
}
