import { Block, batchNormScratch, channelsInBlock, mapPlane, measureBlock } from "./batch-norm";
import {
  Activated,
  ActivatedGradient,
  endGradients,
  setBlock,
  shiftBlock,
  startGradients,
  sumGradients,
} from "./batch-norm-fused";
import { loadGradients, storeGradients } from "./batch-norm-ranks";
import { canTileGradients, mapTiles, sumTiles } from "./batch-norm-tiles";
import { averagePlane } from "./pool-average";
import { clearShares, spreadPlane } from "./pool-average-backward";
import { PoolGeometry } from "./pool-geometry";
import { maxPlane } from "./pool-max";
import { unpoolPlane } from "./pool-max-backward";
import { workspace } from "./workspace";

// Batch normalization with the Scale and ReLU that follow it, and the pooling of the result. The result before pooling
// exists only plane by plane, in scratch memory. A piece is a channel; the table of each call is the pooling's geometry.
// Backward pools again, so that the places of the maxima need not be stored.

/**
 * Scratch memory after that of batch normalization: one plane and two pooled planes, or, for average pooling, what its
 * gradient needs.
 */
class Planes {
  /** A plane before pooling, and later its gradient. */
  static get whole(): usize {
    return workspace + batchNormScratch;
  }

  static pooled(g: PoolGeometry): usize {
    return Planes.whole + aligned(g.inputs);
  }

  static mask(g: PoolGeometry): usize {
    return Planes.pooled(g) + aligned(g.outputs);
  }
}

/** Bytes that `count` values need, rounded up to whole cache lines. */
function aligned(count: i32): usize {
  return (((<usize>count) << 2) + 63) & ~63;
}

export function batchNormPool(
  from: i32,
  to: i32,
  x: usize,
  y: usize,
  mean: usize,
  variance: usize,
  scale: usize,
  bias: usize,
  n: i32,
  channels: i32,
  isAverage: i32,
  negativeSlope: f32,
  eps: f64,
): void {
  const inner = PoolGeometry.current.inputs;
  const step = channelsInBlock(n, inner);
  for (let first = from; first < to; first += step) {
    const size = min(step, to - first);
    measureBlock(x, mean, variance, scale, n, channels, inner, first, size, eps);
    shiftBlock(bias, first, size);
    poolBlock(x, y, n, channels, first, size, isAverage, negativeSlope);
  }
}

/** `batchNormPool` with given statistics. */
export function normalizePool(
  from: i32,
  to: i32,
  x: usize,
  y: usize,
  mean: usize,
  variance: usize,
  scale: usize,
  bias: usize,
  n: i32,
  channels: i32,
  isAverage: i32,
  negativeSlope: f32,
  eps: f64,
): void {
  const step = channelsInBlock(n, PoolGeometry.current.inputs);
  for (let first = from; first < to; first += step) {
    const size = min(step, to - first);
    setBlock(mean, variance, scale, bias, first, size, eps);
    poolBlock(x, y, n, channels, first, size, isAverage, negativeSlope);
  }
}

/** Images are taken from the last to the first: the last is still in the cache. */
function poolBlock(
  x: usize,
  y: usize,
  n: i32,
  channels: i32,
  first: i32,
  size: i32,
  isAverage: i32,
  negativeSlope: f32,
): void {
  const g = PoolGeometry.current;
  const plane = Planes.whole;
  for (let image = n - 1; image >= 0; --image) {
    const at = image * channels + first;
    for (let i = 0; i < size; ++i) {
      const source = x + ((<usize>((at + i) * g.inputs)) << 2);
      const target = y + ((<usize>((at + i) * g.outputs)) << 2);
      // Where the result grows with x, its maximum is where x has its maximum: only that one is computed.
      if (!isAverage && negativeSlope >= 0 && load<f32>(Block.multiplier(i)) >= 0) {
        maxPlane(g, source, target, 0);
        mapPlane<Activated>(target, target, target, g.outputs, i, negativeSlope);
        continue;
      }
      mapPlane<Activated>(source, source, plane, g.inputs, i, negativeSlope);
      if (isAverage) averagePlane(g, plane, target);
      else maxPlane(g, plane, target, 0);
    }
  }
}

/** dx may be x. */
export function batchNormPoolBackward(
  from: i32,
  to: i32,
  x: usize,
  dy: usize,
  dx: usize,
  mean: usize,
  variance: usize,
  scale: usize,
  bias: usize,
  dscale: usize,
  dbias: usize,
  n: i32,
  channels: i32,
  isAverage: i32,
  negativeSlope: f32,
  eps: f64,
): void {
  const g = PoolGeometry.current;
  const inner = g.inputs;
  const step = channelsInBlock(n, inner);
  if (isAverage) clearShares(g, Planes.pooled(g));
  for (let first = from; first < to; first += step) {
    const size = min(step, to - first);
    startGradients(mean, variance, scale, bias, first, size, eps);
    sumPooled(x, dy, n, channels, first, size, isAverage, negativeSlope);
    endGradients(variance, scale, dscale, dbias, <f64>n * <f64>inner, first, size, eps);
    mapPooled(x, dy, dx, n, channels, first, size, isAverage, negativeSlope);
  }
}

/** The first half of `batchNormPoolBackward`, before the sums over all ranks. */
export function batchNormPoolBackwardSums(
  from: i32,
  to: i32,
  x: usize,
  dy: usize,
  mean: usize,
  variance: usize,
  scale: usize,
  bias: usize,
  dscale: usize,
  dbias: usize,
  sums: usize,
  n: i32,
  channels: i32,
  isAverage: i32,
  negativeSlope: f32,
  eps: f64,
): void {
  const g = PoolGeometry.current;
  const step = channelsInBlock(n, g.inputs);
  if (isAverage) clearShares(g, Planes.pooled(g));
  for (let first = from; first < to; first += step) {
    const size = min(step, to - first);
    startGradients(mean, variance, scale, bias, first, size, eps);
    sumPooled(x, dy, n, channels, first, size, isAverage, negativeSlope);
    storeGradients(variance, scale, dscale, dbias, sums, channels, first, size, eps);
  }
}

/** The second half, with the averages over all ranks. dx may be x. */
export function batchNormPoolBackwardApply(
  from: i32,
  to: i32,
  x: usize,
  dy: usize,
  dx: usize,
  mean: usize,
  variance: usize,
  scale: usize,
  bias: usize,
  averages: usize,
  n: i32,
  channels: i32,
  isAverage: i32,
  negativeSlope: f32,
  eps: f64,
): void {
  const g = PoolGeometry.current;
  const step = channelsInBlock(n, g.inputs);
  if (isAverage) clearShares(g, Planes.pooled(g));
  for (let first = from; first < to; first += step) {
    const size = min(step, to - first);
    startGradients(mean, variance, scale, bias, first, size, eps);
    loadGradients(variance, averages, channels, first, size, eps);
    mapPooled(x, dy, dx, n, channels, first, size, isAverage, negativeSlope);
  }
}

/** Adds Σ d and Σ d·(x − c) to the sums of each channel of a block. */
function sumPooled(
  x: usize,
  dy: usize,
  n: i32,
  channels: i32,
  first: i32,
  size: i32,
  isAverage: i32,
  negativeSlope: f32,
): void {
  const g = PoolGeometry.current;
  const inner = g.inputs;
  const canTile = !isAverage && canTileGradients(g, negativeSlope);
  for (let image = 0; image < n; ++image) {
    for (let i = 0; i < size; ++i) {
      const plane = image * channels + first + i;
      const source = x + ((<usize>(plane * inner)) << 2);
      const gradient = dy + ((<usize>(plane * g.outputs)) << 2);
      if (canTile) sumTiles(g, source, gradient, i, negativeSlope);
      else sumGradients(source, unpooled(g, source, gradient, i, isAverage, negativeSlope), inner, i, negativeSlope);
    }
  }
}

/** Computes dx of a block's channels. */
function mapPooled(
  x: usize,
  dy: usize,
  dx: usize,
  n: i32,
  channels: i32,
  first: i32,
  size: i32,
  isAverage: i32,
  negativeSlope: f32,
): void {
  const g = PoolGeometry.current;
  const inner = g.inputs;
  const canTile = !isAverage && canTileGradients(g, negativeSlope);
  for (let image = n - 1; image >= 0; --image) {
    for (let i = 0; i < size; ++i) {
      const plane = image * channels + first + i;
      const at = (<usize>(plane * inner)) << 2;
      const gradient = dy + ((<usize>(plane * g.outputs)) << 2);
      if (canTile) mapTiles(g, x + at, gradient, dx + at, i, negativeSlope, Planes.whole);
      else {
        const d = unpooled(g, x + at, gradient, i, isAverage, negativeSlope);
        mapPlane<ActivatedGradient>(x + at, d, dx + at, inner, i, negativeSlope);
      }
    }
  }
}

/** The gradient of a plane before it was pooled, in scratch memory. */
function unpooled(g: PoolGeometry, x: usize, dy: usize, channel: i32, isAverage: i32, negativeSlope: f32): usize {
  const plane = Planes.whole;
  if (isAverage) {
    spreadPlane(g, dy, plane, Planes.pooled(g));
    return plane;
  }
  mapPlane<Activated>(x, x, plane, g.inputs, channel, negativeSlope);
  maxPlane(g, plane, Planes.pooled(g), Planes.mask(g));
  unpoolPlane(g, dy, Planes.mask(g), plane);
  return plane;
}
