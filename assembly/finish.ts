import { Lanes } from "./lanes";

/**
 * The last step for complete sums of products, v: act(v·multiplier + bias), with a multiplier and a bias for each row, and
 * act(v) = max(v, 0) + negativeSlope·min(v, 0).
 */
@unmanaged
export class Finish {
  /** Addresses. If one is 0, the multipliers are 1, or the biases 0. */
  multiplier: usize = 0;
  bias: usize = 0;
  negativeSlope: f32 = 1;

  /** Makes a `Finish` at this address, for rows from `row` on; `null` if there is nothing to do. */
  static at(address: usize, multiplier: usize, bias: usize, negativeSlope: f32, row: i32): Finish | null {
    if (multiplier == 0 && bias == 0 && negativeSlope == 1) return null;
    const finish = changetype<Finish>(address);
    const skipped = (<usize>row) << 2;
    finish.multiplier = multiplier ? multiplier + skipped : 0;
    finish.bias = bias ? bias + skipped : 0;
    finish.negativeSlope = negativeSlope;
    return finish;
  }

  @inline
  static multiplierOf(multiplier: usize, row: i32): f32 {
    return multiplier ? load<f32>(multiplier + ((<usize>row) << 2)) : 1;
  }

  @inline
  static biasOf(bias: usize, row: i32): f32 {
    return bias ? load<f32>(bias + ((<usize>row) << 2)) : 0;
  }

  @inline
  static apply(v: v128, multiplier: v128, bias: v128, negativeSlope: v128): v128 {
    return Finish.act(f32x4.add(f32x4.mul(v, multiplier), bias), negativeSlope);
  }

  @inline
  static act(v: v128, negativeSlope: v128): v128 {
    const zero = f32x4.splat(0);
    return f32x4.add(f32x4.pmax(v, zero), f32x4.mul(negativeSlope, f32x4.pmin(v, zero)));
  }

  /** Finishes values that lie side by side. */
  @inline
  static run(y: usize, count: i32, multiplier: f32, bias: f32, negativeSlope: f32): void {
    const f = f32x4.splat(multiplier);
    const b = f32x4.splat(bias);
    const l = f32x4.splat(negativeSlope);
    for (; count >= 4; count -= 4) {
      v128.store(y, Finish.apply(v128.load(y), f, b, l));
      y += 16;
    }
    for (; count > 0; --count) {
      Lanes.storeOne(y, Finish.apply(Lanes.one(y), f, b, l));
      y += 4;
    }
  }

  /** Finishes rows [row, row + rows) of `columns` columns, which begin at `c` and are `ldc` bytes apart. */
  tile(row: i32, rows: i32, columns: i32, c: usize, ldc: usize): void {
    for (let i = row; i < row + rows; ++i) {
      Finish.run(c, columns, Finish.multiplierOf(this.multiplier, i), Finish.biasOf(this.bias, i), this.negativeSlope);
      c += ldc;
    }
  }
}

/** Bytes of a `Finish`. */
export const finishBytes: usize = 16;
