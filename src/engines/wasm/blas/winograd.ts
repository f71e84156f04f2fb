import type { ConvGeometry } from "../../../core/kernels.js";
import type { Call, Prepared } from "../call.js";
import type { Panels } from "../panels.js";
import * as plain from "../winograd.js";
import {
  type Backward,
  type Forward,
  gradientCalls,
  partsOf,
  planWinograd,
  type Rule,
  type TileSize,
  tilesOf,
  type WinogradPlan,
  weightsAndTiles,
} from "../winograd.js";

/** The most bytes for all transforms of a block: they should stay in the cache. */
const blockBytes = 2 ** 21;
/** With this many filters of one channel or fewer, the gradient of the weights is computed in parts. */
const maximumFilters = 128 * 128;

/**
 * Transforms take a larger share of the time than in the plain engine, because products are fast. The constants are
 * measured; their unit is the time of one multiplication without Winograd.
 */
const rule: Rule = (geometry, size, isPrepared) => {
  const { n, channels, outputs, output } = geometry;
  const matrices = (size + 2) ** 2;
  const [height = 0, width = 0] = output;
  const [down, across] = tilesOf(output, size);
  const weights = channels * outputs;
  // A library is slow for products with few columns.
  const tiles = n * down * across + 8;
  const transforms = 19 * tiles * (channels + outputs) + (isPrepared ? 6 : 42) * weights;
  const direct = n * height * width * 9 * weights + (isPrepared ? 36 * weights : 0);
  return (matrices * (1.44 * tiles * weights + transforms)) / direct;
};

export function gradientSuits(geometry: ConvGeometry): boolean {
  return plain.gradientSuits(geometry) && rule(geometry, 4, false) < 1;
}

export const planForward = (geometry: ConvGeometry, reserve?: (bytes: number) => Prepared | undefined) =>
  planWinograd(geometry, rule, weightBytes, reserve);

/** With this many tiles of 4×4 or fewer, a library's products are slower than those with weights kept in panels. */
const fewTiles = 8;
/** With this many values or fewer in each matrix of weights, a library's products are always slower than packed ones. */
const fewWeights = 16 * 32;

/** The plan of the plain engine, if it is faster here too. */
export function planPacked(
  geometry: ConvGeometry,
  panels: Panels,
  reserve?: (bytes: number) => Prepared | undefined,
): WinogradPlan | undefined {
  const { n, channels, outputs, output } = geometry;
  if (channels * outputs <= fewWeights) return plain.planForward(geometry, panels, reserve);
  const [down, across] = tilesOf(output, 4);
  const plan = n * down * across <= fewTiles ? plain.planForward(geometry, panels, reserve) : undefined;
  return plan?.prepared && plan;
}

/** The calls of the plain engine, but with dense matrices. */
export function winogradCalls(args: Forward): readonly Call[] {
  const { channels, outputs, output, plan } = args;
  const { size } = plan;
  const matrices = (size + 2) ** 2;
  const [, across] = tilesOf(output, size);
  const wanted = Math.floor(blockBytes / (4 * matrices * (channels + outputs)));
  const rows = Math.max(1, Math.floor(Math.min(512, Math.max(48, wanted)) / across));
  const width = Math.ceil((rows * across) / 4) * 4;
  const blocks = sliceBytes(channels * width) + sliceBytes(outputs * width);
  const pieces = { weights: outputs, outputs: Math.ceil(outputs / 16) };
  const bytes = { weights: weightBytes(args, size), blocks: matrices * blocks + 64 };
  return weightsAndTiles(args, "winogradBlas", rows, pieces, bytes);
}

/** Bytes of transformed weights. */
function weightBytes({ channels, outputs }: ConvGeometry, size: TileSize): number {
  return (size + 2) ** 2 * sliceBytes(outputs * channels);
}

export function winogradGradient(args: Backward): readonly Call[] {
  const { channels, outputs, output } = args;
  const [, across] = tilesOf(output, 4);
  const wanted = Math.floor(blockBytes / (4 * 36 * (channels + outputs)));
  const rows = Math.max(1, Math.floor(Math.min(512, Math.max(64, wanted)) / across));
  const steps = Math.ceil((rows * across) / 4) * 4;
  const matrices = sliceBytes(outputs * channels) + sliceBytes(outputs * steps) + sliceBytes(channels * steps);
  const bytes = 36 * matrices + 128;
  return gradientCalls(args, "winogradBlasGradient", rows, bytes, partsOf(args, maximumFilters));
}

/** Bytes from one matrix to the next, as in assembly/winograd-blas.ts. */
const sliceBytes = (count: number) => Math.ceil((4 * count) / 4096) * 4096 + 192;
