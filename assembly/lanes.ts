/** Helpers for vectors of four f32. */
export class Lanes {
  /** One value in lane 0, zeros in the others. */
  @inline
  static one(address: usize): v128 {
    return v128.load32_zero(address);
  }

  @inline
  static storeOne(address: usize, v: v128): void {
    v128.store32_lane(address, v, 0);
  }

  /** x·y + z; with relaxed SIMD one instruction that rounds once, on processors that have it. */
  @inline
  static madd(x: v128, y: v128, z: v128): v128 {
    if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(x, y, z);
    return f32x4.add(z, f32x4.mul(x, y));
  }

  /** Lanes 0 and 1 as f64. */
  @inline
  static low(v: v128): v128 {
    return f64x2.promote_low_f32x4(v);
  }

  /** Lanes 2 and 3 as f64. */
  @inline
  static high(v: v128): v128 {
    return f64x2.promote_low_f32x4(v128.shuffle<f64>(v, v, 1, 1));
  }

  /** Four f64 of two vectors, rounded to four f32. */
  @inline
  static join(low: v128, high: v128): v128 {
    return v128.shuffle<f64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
  }

  /** The sum of four f32. */
  @inline
  static sum(v: v128): f64 {
    const two = f64x2.add(Lanes.low(v), Lanes.high(v));
    return f64x2.extract_lane(two, 0) + f64x2.extract_lane(two, 1);
  }

  /** x0, x2, x4, x6; reads nothing beyond x6. */
  @inline
  static evens(address: usize): v128 {
    return v128.shuffle<f32>(v128.load(address), v128.load(address, 12), 0, 2, 5, 7);
  }

  /** Adds to each of four sums the four values of its vector, in order. */
  @inline
  static addInOrder(sums: v128, a: v128, b: v128, c: v128, d: v128): v128 {
    const low = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const high = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const lowToo = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const highToo = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    let s = f32x4.add(sums, v128.shuffle<f64>(low, lowToo, 0, 2));
    s = f32x4.add(s, v128.shuffle<f64>(low, lowToo, 1, 3));
    s = f32x4.add(s, v128.shuffle<f64>(high, highToo, 0, 2));
    return f32x4.add(s, v128.shuffle<f64>(high, highToo, 1, 3));
  }

  /** One value of each of four rows, which are `step` bytes apart. */
  @inline
  static gather(address: usize, step: usize): v128 {
    let v = v128.load32_lane(address + step, Lanes.one(address), 1);
    v = v128.load32_lane(address + 2 * step, v, 2);
    return v128.load32_lane(address + 3 * step, v, 3);
  }

  @inline
  static scatter(address: usize, step: usize, v: v128): void {
    v128.store32_lane(address, v, 0);
    v128.store32_lane(address + step, v, 1);
    v128.store32_lane(address + 2 * step, v, 2);
    v128.store32_lane(address + 3 * step, v, 3);
  }

  /** Four columns of four rows become four rows. */
  @inline
  static transpose(src: usize, srcStride: usize, dst: usize, dstStride: usize, multiplier: v128): void {
    const r0 = v128.load(src);
    const r1 = v128.load(src + srcStride);
    const r2 = v128.load(src + 2 * srcStride);
    const r3 = v128.load(src + 3 * srcStride);
    const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const t1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const t2 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(dst, f32x4.mul(multiplier, v128.shuffle<f64>(t0, t2, 0, 2)));
    v128.store(dst + dstStride, f32x4.mul(multiplier, v128.shuffle<f64>(t0, t2, 1, 3)));
    v128.store(dst + 2 * dstStride, f32x4.mul(multiplier, v128.shuffle<f64>(t1, t3, 0, 2)));
    v128.store(dst + 3 * dstStride, f32x4.mul(multiplier, v128.shuffle<f64>(t1, t3, 1, 3)));
  }
}

/** Loads and stores of four neighbouring values, or of only the first. */
@unmanaged
export class Four {
  @inline
  load(address: usize): v128 {
    return v128.load(address);
  }

  @inline
  store(address: usize, v: v128): void {
    v128.store(address, v);
  }
}

@unmanaged
export class One {
  @inline
  load(address: usize): v128 {
    return Lanes.one(address);
  }

  @inline
  store(address: usize, v: v128): void {
    Lanes.storeOne(address, v);
  }
}
