import { Logistic } from "./logistic";

// A piece is one cell, counted through n and dim. Two cells are computed at once, in double precision.

/** Loads and stores of two cells, or of one. */
class Unit {
  /** Loads f32 as f64. */
  @inline
  static take(address: usize, two: bool): v128 {
    return f64x2.promote_low_f32x4(two ? v128.load64_zero(address) : v128.load32_zero(address));
  }

  /** Stores f64, rounded to f32. */
  @inline
  static put(address: usize, v: v128, two: bool): void {
    const rounded = f32x4.demote_f64x2_zero(v);
    if (two) v128.store64_lane(address, rounded, 0);
    else v128.store32_lane(address, rounded, 0);
  }

  /** tanh x as 2/(1 + e^−2x) − 1. It loses digits near 0, but double precision has more than f32 needs. */
  @inline
  static tanh(x: v128): v128 {
    const y = Logistic.two(f64x2.add(x, x));
    return f64x2.sub(f64x2.add(y, y), f64x2.splat(1));
  }

  /** a·(1 − b) */
  @inline
  static timesRest(a: v128, b: v128): v128 {
    return f64x2.mul(a, f64x2.sub(f64x2.splat(1), b));
  }

  @inline
  static forget(gate: usize, cont: f32, two: bool): v128 {
    return cont == 0 ? f64x2.splat(0) : f64x2.mul(f64x2.splat(<f64>cont), Logistic.two(Unit.take(gate, two)));
  }

  /** The gates of a cell stand `width` bytes apart. */
  @inline
  static forward(gate: usize, width: usize, cPrev: usize, cont: f32, c: usize, h: usize, two: bool): void {
    const input = Logistic.two(Unit.take(gate, two));
    const forget = Unit.forget(gate + width, cont, two);
    const output = Logistic.two(Unit.take(gate + 2 * width, two));
    const candidate = Unit.tanh(Unit.take(gate + 3 * width, two));
    const cell = f64x2.add(f64x2.mul(forget, Unit.take(cPrev, two)), f64x2.mul(input, candidate));
    Unit.put(c, cell, two);
    Unit.put(h, f64x2.mul(output, Unit.tanh(cell)), two);
  }

  @inline
  static backward(
    gate: usize,
    width: usize,
    cPrev: usize,
    cont: f32,
    c: usize,
    dc: usize,
    dh: usize,
    dgate: usize,
    dcPrev: usize,
    two: bool,
  ): void {
    const input = Logistic.two(Unit.take(gate, two));
    const forget = Unit.forget(gate + width, cont, two);
    const output = Logistic.two(Unit.take(gate + 2 * width, two));
    const candidate = Unit.tanh(Unit.take(gate + 3 * width, two));
    const y = Unit.tanh(Unit.take(c, two));
    const dy = Unit.take(dh, two);
    const dcell = f64x2.add(Unit.take(dc, two), Unit.timesRest(f64x2.mul(dy, output), f64x2.mul(y, y)));
    const dforget = f64x2.mul(f64x2.mul(dcell, Unit.take(cPrev, two)), forget);
    Unit.put(dcPrev, f64x2.mul(dcell, forget), two);
    Unit.put(dgate, Unit.timesRest(f64x2.mul(f64x2.mul(dcell, candidate), input), input), two);
    Unit.put(dgate + width, Unit.timesRest(dforget, forget), two);
    Unit.put(dgate + 2 * width, Unit.timesRest(f64x2.mul(f64x2.mul(dy, y), output), output), two);
    Unit.put(dgate + 3 * width, Unit.timesRest(f64x2.mul(dcell, input), f64x2.mul(candidate, candidate)), two);
  }
}

export function lstmUnit(
  from: i32,
  to: i32,
  gates: usize,
  cPrev: usize,
  cont: usize,
  c: usize,
  h: usize,
  dim: i32,
): void {
  const width = (<usize>dim) << 2;
  for (let cell = from; cell < to; ) {
    const row = cell / dim;
    const end = min(to, row * dim + dim);
    const goesOn = load<f32>(cont + ((<usize>row) << 2));
    let at = (<usize>cell) << 2;
    let gate = gates + 3 * <usize>row * width + at;
    for (; cell + 2 <= end; cell += 2) {
      Unit.forward(gate, width, cPrev + at, goesOn, c + at, h + at, true);
      gate += 8;
      at += 8;
    }
    if (cell < end) {
      Unit.forward(gate, width, cPrev + at, goesOn, c + at, h + at, false);
      ++cell;
    }
  }
}

export function lstmUnitBackward(
  from: i32,
  to: i32,
  gates: usize,
  cPrev: usize,
  cont: usize,
  c: usize,
  dc: usize,
  dh: usize,
  dgates: usize,
  dcPrev: usize,
  dim: i32,
): void {
  const width = (<usize>dim) << 2;
  // Distance in bytes from a gate to its gradient; address arithmetic wraps around.
  const shift = dgates - gates;
  for (let cell = from; cell < to; ) {
    const row = cell / dim;
    const end = min(to, row * dim + dim);
    const goesOn = load<f32>(cont + ((<usize>row) << 2));
    let at = (<usize>cell) << 2;
    let gate = gates + 3 * <usize>row * width + at;
    for (; cell + 2 <= end; cell += 2) {
      Unit.backward(gate, width, cPrev + at, goesOn, c + at, dc + at, dh + at, gate + shift, dcPrev + at, true);
      gate += 8;
      at += 8;
    }
    if (cell < end) {
      Unit.backward(gate, width, cPrev + at, goesOn, c + at, dc + at, dh + at, gate + shift, dcPrev + at, false);
      ++cell;
    }
  }
}
