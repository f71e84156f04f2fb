import { addSums, Block } from "./batch-norm";
import { Lanes } from "./lanes";
import { EverySecond, PoolGeometry } from "./pool-geometry";

// The two passes of the gradient of batch normalization, an optional ReLU, and max pooling of 2×2 with stride 2. Four
// windows are computed at once, in registers. A ReLU keeps the order of its inputs, so the maximum is found before it.

/** Whether a row has at least one whole group of windows, and the ReLU keeps the order of its inputs. */
export function canTileGradients(g: PoolGeometry, negativeSlope: f32): bool {
  return g.isTiled && ((g.width | g.height) & 1) == 0 && g.width >= 8 && negativeSlope >= 0;
}

/** v = distance·multiplier + offset: the value before the ReLU and pooling. */
function normalized(distance: v128, channel: i32): v128 {
  const multiplier = v128.load32_splat(Block.multiplier(channel));
  return f32x4.add(f32x4.mul(distance, multiplier), v128.load32_splat(Block.offset(channel)));
}

/** dy after the ReLU's gradient where v is the largest of its window; 0 elsewhere, and where all values are NaN. */
function through(dy: v128, v: v128, negativeSlope: f32): v128 {
  const d = v128.bitselect(dy, f32x4.mul(dy, f32x4.splat(negativeSlope)), f32x4.gt(v, f32x4.splat(0)));
  return v128.and(d, f32x4.eq(v, v));
}

/** Adds Σ d and Σ d·(x − c) over a plane to the sums of its channel. */
export function sumTiles(g: PoolGeometry, x: usize, dy: usize, channel: i32, negativeSlope: f32): void {
  const columns = changetype<EverySecond>(0);
  const line = (<usize>g.width) << 2;
  const c = v128.load32_splat(Block.center(channel));
  const width = g.outputWidth;
  for (let row = 0; row < g.outputHeight; ++row) {
    let sum = f32x4.splat(0);
    let product = f32x4.splat(0);
    for (let i = 0; i < width; i += 4) {
      // The last four windows may overlap those before: windows already counted are masked out.
      const column = min(i, width - 4);
      const p = x + ((<usize>column) << 3);
      const low0 = f32x4.sub(columns.low(p), c);
      const high0 = f32x4.sub(columns.high(p), c);
      const low1 = f32x4.sub(columns.low(p + line), c);
      const high1 = f32x4.sub(columns.high(p + line), c);
      let distance = columns.first(low0, high0);
      let v = normalized(distance, channel);
      const distance1 = columns.second(low0, high0);
      const v1 = normalized(distance1, channel);
      const distance2 = columns.first(low1, high1);
      const v2 = normalized(distance2, channel);
      const distance3 = columns.second(low1, high1);
      const v3 = normalized(distance3, channel);
      distance = v128.bitselect(distance1, distance, f32x4.gt(v1, v));
      v = f32x4.pmax(v, v1);
      distance = v128.bitselect(distance2, distance, f32x4.gt(v2, v));
      v = f32x4.pmax(v, v2);
      distance = v128.bitselect(distance3, distance, f32x4.gt(v3, v));
      v = f32x4.pmax(v, v3);
      let d = through(v128.load(dy + ((<usize>column) << 2)), v, negativeSlope);
      if (column < i) d = v128.and(d, i32x4.gt_s(i32x4(0, 1, 2, 3), i32x4.splat(i - column - 1)));
      sum = f32x4.add(sum, d);
      product = f32x4.add(product, f32x4.mul(d, distance));
    }
    addSums(channel, Lanes.sum(sum), Lanes.sum(product));
    x += 2 * line;
    dy += (<usize>width) << 2;
  }
}

/** dx = d·multiplier + constant − coefficient·(x − c) over a plane; dx may be x. Scratch: 64 bytes. */
export function mapTiles(
  g: PoolGeometry,
  x: usize,
  dy: usize,
  dx: usize,
  channel: i32,
  negativeSlope: f32,
  scratch: usize,
): void {
  const columns = changetype<EverySecond>(0);
  const line = (<usize>g.width) << 2;
  const c = v128.load32_splat(Block.center(channel));
  const multiplier = v128.load32_splat(Block.multiplier(channel));
  const coefficient = v128.load32_splat(Block.coefficient(channel));
  const constant = v128.load32_splat(Block.constant(channel));
  const width = g.outputWidth;
  for (let row = 0; row < g.outputHeight; ++row) {
    const last = x + ((<usize>(width - 4)) << 3);
    if (width & 3) {
      memory.copy(scratch, last, 32);
      memory.copy(scratch + 32, last + line, 32);
    }
    for (let i = 0; i < width; i += 4) {
      // The last four windows may overlap those before, whose x is already overwritten if dx is x.
      const column = min(i, width - 4);
      const at = (<usize>column) << 3;
      const p = column < i ? scratch : x + at;
      const q = column < i ? scratch + 32 : x + at + line;
      const low0 = f32x4.sub(columns.low(p), c);
      const high0 = f32x4.sub(columns.high(p), c);
      const low1 = f32x4.sub(columns.low(q), c);
      const high1 = f32x4.sub(columns.high(q), c);
      const v0 = normalized(columns.first(low0, high0), channel);
      const v1 = normalized(columns.second(low0, high0), channel);
      const v2 = normalized(columns.first(low1, high1), channel);
      const v3 = normalized(columns.second(low1, high1), channel);
      const above = f32x4.pmax(v0, v1);
      const below = f32x4.pmax(v2, v3);
      const isBelow = f32x4.gt(below, above);
      const d = f32x4.mul(
        through(v128.load(dy + ((<usize>column) << 2)), f32x4.pmax(above, below), negativeSlope),
        multiplier,
      );
      const is1 = v128.andnot(f32x4.gt(v1, v0), isBelow);
      const is3 = v128.and(f32x4.gt(v3, v2), isBelow);
      const d0 = v128.andnot(d, v128.or(isBelow, is1));
      const d1 = v128.and(d, is1);
      const d2 = v128.and(d, v128.andnot(isBelow, is3));
      const d3 = v128.and(d, is3);
      v128.store(dx + at, gradient(v128.shuffle<f32>(d0, d1, 0, 4, 1, 5), low0, coefficient, constant));
      v128.store(dx + at, gradient(v128.shuffle<f32>(d0, d1, 2, 6, 3, 7), high0, coefficient, constant), 16);
      v128.store(dx + at + line, gradient(v128.shuffle<f32>(d2, d3, 0, 4, 1, 5), low1, coefficient, constant));
      v128.store(dx + at + line, gradient(v128.shuffle<f32>(d2, d3, 2, 6, 3, 7), high1, coefficient, constant), 16);
    }
    x += 2 * line;
    dx += 2 * line;
    dy += (<usize>width) << 2;
  }
}

function gradient(d: v128, distance: v128, coefficient: v128, constant: v128): v128 {
  return f32x4.sub(f32x4.add(d, constant), f32x4.mul(coefficient, distance));
}
