import { Lanes } from "./lanes";

// Runs of values: those of x are `stride` values apart, those of y are dense.

/** y[i] = x[i·stride] */
export function copyRun(x: usize, stride: i32, y: usize, count: i32): void {
  if (stride == 1) {
    for (; count >= 4; count -= 4) {
      v128.store(y, v128.load(x));
      x += 16;
      y += 16;
    }
  } else if (stride == 2) {
    for (; count >= 4; count -= 4) {
      v128.store(y, Lanes.evens(x));
      x += 32;
      y += 16;
    }
  }
  const step = (<usize>stride) << 2;
  for (; count > 0; --count) {
    store<f32>(y, load<f32>(x));
    x += step;
    y += 4;
  }
}

export function fillRun(y: usize, count: i32, value: f32): void {
  const v = f32x4.splat(value);
  for (; count >= 4; count -= 4) {
    v128.store(y, v);
    y += 16;
  }
  for (; count > 0; --count) {
    store<f32>(y, value);
    y += 4;
  }
}

/** x[i·stride] += multiplier·y[i] */
export function scatterRun(x: usize, stride: i32, y: usize, count: i32, multiplier: f32): void {
  const f = f32x4.splat(multiplier);
  if (stride == 1) {
    for (; count >= 4; count -= 4) {
      v128.store(x, f32x4.add(v128.load(x), f32x4.mul(f, v128.load(y))));
      x += 16;
      y += 16;
    }
  } else if (stride == 2) {
    const zero = f32x4.splat(0);
    // The last four values are not loaded as a vector: it would read one value beyond the run.
    for (; count > 4; count -= 4) {
      const v = f32x4.mul(f, v128.load(y));
      v128.store(x, f32x4.add(v128.load(x), v128.shuffle<f32>(v, zero, 0, 4, 1, 4)));
      v128.store(x, f32x4.add(v128.load(x, 16), v128.shuffle<f32>(v, zero, 2, 4, 3, 4)), 16);
      x += 32;
      y += 16;
    }
  }
  const step = (<usize>stride) << 2;
  for (; count > 0; --count) {
    store<f32>(x, load<f32>(x) + multiplier * load<f32>(y));
    x += step;
    y += 4;
  }
}

/** Σ x[i·stride]·y[i] */
export function dotRun(x: usize, stride: i32, y: usize, count: i32): f32 {
  let sums = f32x4.splat(0);
  if (stride == 1) {
    for (; count >= 4; count -= 4) {
      sums = f32x4.add(sums, f32x4.mul(v128.load(x), v128.load(y)));
      x += 16;
      y += 16;
    }
  } else if (stride == 2) {
    for (; count >= 4; count -= 4) {
      sums = f32x4.add(sums, f32x4.mul(Lanes.evens(x), v128.load(y)));
      x += 32;
      y += 16;
    }
  }
  let sum = f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1);
  sum += f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3);
  const step = (<usize>stride) << 2;
  for (; count > 0; --count) {
    sum += load<f32>(x) * load<f32>(y);
    x += step;
    y += 4;
  }
  return sum;
}
