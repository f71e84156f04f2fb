import { PoolGeometry } from "./pool-geometry";
import { fillRun } from "./run";

// The gradient of average pooling. A piece is a plane; the table of the call is its geometry.
//
// The windows of one output row add the same values to each input row under them. These values are computed once, as a
// line of the plane; the line is written to rows that are still empty and added to the others.

/** The number of values before and after a row of shares, which are 0, and before and after a line, which are arbitrary. */
const margin: i32 = 16;
/** Wider windows are distributed one by one. */
const widest: i32 = 8;

/** Scratch: see `averageScratch` of src/engines/wasm/pool.ts. */
export function avePoolBackward(from: i32, to: i32, dy: usize, dx: usize): void {
  const g = PoolGeometry.current;
  const input = (<usize>g.inputs) << 2;
  const output = (<usize>g.outputs) << 2;
  clearShares(g, PoolGeometry.scratch);
  for (let plane = <usize>from; plane < <usize>to; ++plane) {
    spreadPlane(g, dy + plane * output, dx + plane * input, PoolGeometry.scratch);
  }
}

/** Must be called once before planes are computed with this scratch memory. */
export function clearShares(g: PoolGeometry, scratch: usize): void {
  memory.fill(scratch, 0, (<usize>(g.outputWidth + 2 * margin)) << 2);
}

export function spreadPlane(g: PoolGeometry, dy: usize, dx: usize, scratch: usize): void {
  if (g.isGlobal) {
    fillRun(dx, g.inputs, load<f32>(dy) / <f32>(g.rows(0) * g.columns(0)));
    return;
  }
  const shares = scratch + ((<usize>margin) << 2);
  const line = shares + ((<usize>(g.outputWidth + 2 * margin)) << 2);
  const width = g.width;
  const lineBytes = (<usize>width) << 2;
  let done = 0;
  for (let row = 0; row < g.outputHeight; ++row) {
    // The last windows may lie beyond the plane.
    const top = min(g.height, g.top(row));
    const bottom = g.bottom(row);
    share(g, dy, row, shares);
    makeLine(g, shares, line);
    if (top > done) {
      memory.fill(dx + <usize>done * lineBytes, 0, <usize>(top - done) * lineBytes);
      done = top;
    }
    for (let i = top; i < bottom; ++i) {
      let x = line;
      let y = dx + <usize>i * lineBytes;
      let left = width;
      if (i < done) {
        for (; left >= 4; left -= 4) {
          v128.store(y, f32x4.add(v128.load(y), v128.load(x)));
          x += 16;
          y += 16;
        }
        for (; left > 0; --left) {
          store<f32>(y, load<f32>(y) + load<f32>(x));
          x += 4;
          y += 4;
        }
      } else {
        for (; left >= 4; left -= 4) {
          v128.store(y, v128.load(x));
          x += 16;
          y += 16;
        }
        for (; left > 0; --left) {
          store<f32>(y, load<f32>(x));
          x += 4;
          y += 4;
        }
      }
    }
    done = max(done, bottom);
    dy += (<usize>g.outputWidth) << 2;
  }
  if (done < g.height) memory.fill(dx + <usize>done * lineBytes, 0, <usize>(g.height - done) * lineBytes);
}

/** The shares of a row of windows: dy divided by the sizes of the windows. */
function share(g: PoolGeometry, dy: usize, row: i32, shares: usize): void {
  const rows = g.rows(row);
  // Only windows that reach beyond the padding are smaller than others, unless it is excluded.
  const room = g.width + g.padWidth + g.padRight - g.kernelWidth;
  const whole = room < 0 || g.excludesPad ? 0 : min(g.outputWidth, room / g.strideWidth + 1);
  const multiplier: f32 = <f32>1 / <f32>(rows * g.kernelWidth);
  const multipliers = f32x4.splat(multiplier);
  let i = 0;
  for (; i + 4 <= whole; i += 4) {
    const at = (<usize>i) << 2;
    v128.store(shares + at, f32x4.mul(multipliers, v128.load(dy + at)));
  }
  for (; i < g.outputWidth; ++i) {
    const at = (<usize>i) << 2;
    const value = load<f32>(dy + at);
    store<f32>(shares + at, i < whole ? multiplier * value : value / <f32>(rows * g.columns(i)));
  }
}

/** For each column of the plane, the shares of the windows over it; up to `margin` values around it may change too. */
function makeLine(g: PoolGeometry, shares: usize, line: usize): void {
  const kernel = g.kernelWidth;
  if (g.strideWidth == 1 && kernel <= widest) gatherLine(shares + ((<usize>g.padWidth) << 2), line, g.width, kernel);
  else if (g.strideWidth == 2 && (kernel == 2 || kernel == 3)) {
    pairLine(shares, line - ((<usize>g.padWidth) << 2), g.width + g.padWidth, kernel == 3);
  } else spreadLine(g, shares, line);
}

/** `makeLine` for stride 1. */
function gatherLine(shares: usize, line: usize, width: i32, kernel: i32): void {
  for (let i = 0; i < width; i += 4) {
    let sum = v128.load(shares);
    let p = shares;
    for (let tap = kernel; tap > 1; --tap) {
      p -= 4;
      sum = f32x4.add(sum, v128.load(p));
    }
    v128.store(line, sum);
    shares += 16;
    line += 16;
  }
}

/** `makeLine` for stride 2 and windows of two columns or of three. */
function pairLine(shares: usize, line: usize, width: i32, isThree: bool): void {
  for (let i = 0; i < width; i += 8) {
    const odd = v128.load(shares);
    const even = isThree ? f32x4.add(odd, v128.load(shares - 4)) : odd;
    v128.store(line, v128.shuffle<f32>(even, odd, 0, 4, 1, 5));
    v128.store(line, v128.shuffle<f32>(even, odd, 2, 6, 3, 7), 16);
    shares += 16;
    line += 32;
  }
}

/** `makeLine` for windows of any kind. */
function spreadLine(g: PoolGeometry, shares: usize, line: usize): void {
  fillRun(line, g.width, 0);
  for (let column = 0; column < g.outputWidth; ++column) {
    const left = g.left(column);
    const value = load<f32>(shares + ((<usize>column) << 2));
    const values = f32x4.splat(value);
    let count = g.right(column) - left;
    let p = line + ((<usize>left) << 2);
    for (; count >= 4; count -= 4) {
      v128.store(p, f32x4.add(v128.load(p), values));
      p += 16;
    }
    for (; count > 0; --count) {
      store<f32>(p, load<f32>(p) + value);
      p += 4;
    }
  }
}
