import { Exp } from "./exp";
import { Lanes } from "./lanes";
import { Log } from "./log";
import { map } from "./map";
import { workspace } from "./workspace";

// Powers as C's powf and Math.pow define them, also for negative numbers, 0, infinity and NaN. The powers that nets use
// most are computed by roots and products, with an error of at most three units in the last place, and all others by
// logarithms in double precision. A piece is one value. Calls need scratch memory for the constants of a power.

/** Bytes of the constants of a power. */
export const powerScratch: usize = 96;

/** x^power of four f32, for a power whose constants were prepared at an address. */
export class Power {
  static prepare(address: usize, power: f32): void {
    const isWhole = power == trunc(power);
    const isOdd = isWhole && abs<f32>(power) < 16777216 && (<i32>power & 1) != 0;
    v128.store(address, f64x2.splat(<f64>power));
    // The results for 0 and ∞; a mask, set if negative numbers have no such power; the sign bit, if they keep their sign.
    v128.store(address, f32x4.splat(power > 0 ? 0 : power < 0 ? Infinity : 1), 16);
    v128.store(address, f32x4.splat(power > 0 ? Infinity : power < 0 ? 0 : 1), 32);
    v128.store(address, i32x4.splat(isWhole ? 0 : -1), 48);
    v128.store(address, i32x4.splat(isOdd ? i32.MIN_VALUE : 0), 64);
  }

  @inline
  static four(x: v128, address: usize): v128 {
    const size = f32x4.abs(x);
    const p = v128.load(address);
    const low = Exp.two(f64x2.mul(p, Log.positive(Lanes.low(size))));
    let y = Lanes.join(low, Exp.two(f64x2.mul(p, Log.positive(Lanes.high(size)))));
    const zero = f32x4.splat(0);
    y = v128.or(y, v128.or(f32x4.ne(x, x), v128.and(f32x4.lt(x, zero), v128.load(address, 48))));
    y = v128.bitselect(v128.load(address, 16), y, f32x4.eq(size, zero));
    y = v128.bitselect(v128.load(address, 32), y, f32x4.eq(size, f32x4.splat(Infinity)));
    return v128.or(y, v128.and(x, v128.load(address, 64)));
  }
}

@unmanaged
class General {
  @inline
  of(x: v128): v128 {
    return Power.four(x, workspace);
  }
}

@unmanaged
class Squared {
  @inline
  of(x: v128): v128 {
    return f32x4.mul(x, x);
  }
}

@unmanaged
class Cubed {
  @inline
  of(x: v128): v128 {
    return f32x4.mul(f32x4.mul(x, x), x);
  }
}

@unmanaged
class Inverse {
  @inline
  of(x: v128): v128 {
    return f32x4.div(f32x4.splat(1), x);
  }
}

@unmanaged
class InverseSquared {
  @inline
  of(x: v128): v128 {
    const inverse = f32x4.div(f32x4.splat(1), x);
    return f32x4.mul(inverse, inverse);
  }
}

@unmanaged
class Root {
  @inline
  of(x: v128): v128 {
    return Root.four(x);
  }

  /** −∞ becomes ∞ and −0 becomes 0, as in powf for these powers. */
  @inline
  static four(x: v128): v128 {
    const infinity = f32x4.splat(Infinity);
    const usual = f32x4.sqrt(f32x4.add(x, f32x4.splat(0)));
    return v128.bitselect(infinity, usual, f32x4.eq(x, f32x4.neg(infinity)));
  }
}

@unmanaged
class InverseRoot {
  @inline
  of(x: v128): v128 {
    return f32x4.div(f32x4.splat(1), Root.four(x));
  }
}

@unmanaged
class InverseRootCubed {
  @inline
  of(x: v128): v128 {
    const inverse = f32x4.div(f32x4.splat(1), Root.four(x));
    return f32x4.mul(f32x4.mul(inverse, inverse), inverse);
  }
}

@unmanaged
class OfAffine<Op> {
  @inline
  apply(x: v128, scale: v128, shift: v128): v128 {
    return changetype<Op>(0).of(f32x4.add(f32x4.mul(scale, x), shift));
  }
}

/** y = (shift + scale·x)^power */
export function power(from: i32, to: i32, x: usize, y: usize, power: f32, scale: f32, shift: f32): void {
  const start = (<usize>from) << 2;
  const p = f32x4.splat(scale);
  const q = f32x4.splat(shift);
  const count = to - from;
  x += start;
  y += start;
  if (power == 0.5) return map<OfAffine<Root>>(x, y, count, p, q);
  if (power == -0.5) return map<OfAffine<InverseRoot>>(x, y, count, p, q);
  if (power == -1) return map<OfAffine<Inverse>>(x, y, count, p, q);
  if (power == 3) return map<OfAffine<Cubed>>(x, y, count, p, q);
  Power.prepare(workspace, power);
  map<OfAffine<General>>(x, y, count, p, q);
}

/** dx = multiplier·dy·(shift + scale·x)^power */
export function powerBackward(
  from: i32,
  to: i32,
  x: usize,
  dy: usize,
  dx: usize,
  multiplier: f32,
  power: f32,
  scale: f32,
  shift: f32,
): void {
  const start = (<usize>from) << 2;
  const count = to - from;
  x += start;
  dy += start;
  dx += start;
  if (power == 2) return timesPower<Squared>(x, dy, dx, count, multiplier, scale, shift);
  if (power == -0.5) return timesPower<InverseRoot>(x, dy, dx, count, multiplier, scale, shift);
  if (power == -1.5) return timesPower<InverseRootCubed>(x, dy, dx, count, multiplier, scale, shift);
  if (power == -2) return timesPower<InverseSquared>(x, dy, dx, count, multiplier, scale, shift);
  Power.prepare(workspace, power);
  timesPower<General>(x, dy, dx, count, multiplier, scale, shift);
}

function timesPower<Op>(x: usize, dy: usize, dx: usize, count: i32, multiplier: f32, scale: f32, shift: f32): void {
  const op = changetype<OfAffine<Op>>(0);
  const f = f32x4.splat(multiplier);
  const p = f32x4.splat(scale);
  const q = f32x4.splat(shift);
  for (; count >= 16; count -= 16) {
    const a = v128.load(x);
    const b = v128.load(x, 16);
    const c = v128.load(x, 32);
    const d = v128.load(x, 48);
    const opA = f32x4.mul(f32x4.mul(v128.load(dy), f), op.apply(a, p, q));
    const opB = f32x4.mul(f32x4.mul(v128.load(dy, 16), f), op.apply(b, p, q));
    const opC = f32x4.mul(f32x4.mul(v128.load(dy, 32), f), op.apply(c, p, q));
    const opD = f32x4.mul(f32x4.mul(v128.load(dy, 48), f), op.apply(d, p, q));
    v128.store(dx, opA);
    v128.store(dx, opB, 16);
    v128.store(dx, opC, 32);
    v128.store(dx, opD, 48);
    x += 64;
    dy += 64;
    dx += 64;
  }
  for (; count > 0; --count) {
    Lanes.storeOne(dx, f32x4.mul(f32x4.mul(Lanes.one(dy), f), op.apply(Lanes.one(x), p, q)));
    x += 4;
    dy += 4;
    dx += 4;
  }
}
