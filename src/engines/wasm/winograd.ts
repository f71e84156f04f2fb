import type { ConvGeometry } from "../../core/kernels.js";
import { type Call, call, grainOf, type Prepared } from "./call.js";
import type { Panels } from "./panels.js";

/** The most bytes for all transforms of a block: they should stay in the cache. */
const blockBytes = 2 ** 21;
/** The same limit for the gradient of the weights, and the least and the greatest number of tiles in its blocks. */
const gradientBytes = 2 ** 19;
const minimumTiles = 256;
const maximumTiles = 256;
/** The most columns of an output: a row of tiles must fit into a block. */
const maximumWidth = 1024;
/** The number of channels that assembly/winograd-gradient.ts computes together. */
const fewChannels = 64;
/** With this many filters of one channel or fewer, the gradient of the weights is computed in parts. */
const maximumFilters = 64 * 64;
const maximumParts = 8;

/** The numbers of rows and columns of tiles that cover an output. */
export type TileSize = 4 | 2;

/** The time of a convolution by tiles of this size ÷ that without Winograd. `isPrepared`: the weights are, for both. */
export type Rule = (geometry: ConvGeometry, size: TileSize, isPrepared: boolean) => number;

/** The plan of a convolution by Winograd: the size of its tiles, and its transformed weights if they stay from run to run. */
export interface WinogradPlan {
  readonly size: TileSize;
  readonly prepared: Prepared | undefined;
}

/**
 * The plan for Winograd if it is faster, else undefined. F(4×4, 3×3) needs a quarter of the multiplications, F(2×2, 3×3)
 * four ninths. But both transform inputs and outputs, compute whole tiles at the edges of the output, and transform all
 * weights, unless these stay from run to run. The errors of F(4×4) are about ten times those of the plain sum, and stay
 * below 1e-5 of the output's root mean square.
 *
 * @param reserve gives memory for transformed weights, if they can stay from run to run
 */
export function planWinograd(
  geometry: ConvGeometry,
  rule: Rule,
  bytesOf: (geometry: ConvGeometry, size: TileSize) => number,
  reserve: (bytes: number) => Prepared | undefined = () => undefined,
): WinogradPlan | undefined {
  const best = (isPrepared: boolean) => {
    const [four, two] = [rule(geometry, 4, isPrepared), rule(geometry, 2, isPrepared)];
    return Math.min(four, two) >= 1 ? undefined : four <= two ? 4 : 2;
  };
  if (!isPlain(geometry)) return undefined;
  const ifPrepared = best(true);
  const prepared = ifPrepared && reserve(bytesOf(geometry, ifPrepared));
  const size = prepared ? ifPrepared : best(false);
  return size && { size, prepared };
}

/** Whether Winograd's tiles can do this convolution: 3×3, stride 1, one group, and not too few channels. */
function isPlain({ channels, outputs, group, output, kernel, stride, pad, dilation }: ConvGeometry): boolean {
  const [height = 0, width = 0] = output;
  return (
    kernel.length === 2 &&
    group === 1 &&
    kernel.every((size) => size === 3) &&
    [...stride, ...dilation].every((step) => step === 1) &&
    pad.every((size) => size >= 0 && size <= 2) &&
    channels >= 16 &&
    outputs >= 16 &&
    height * width > 0 &&
    width <= maximumWidth
  );
}

/** Times in multiplications without Winograd. The constants are measured. */
const rule: Rule = (geometry, size, isPrepared) => {
  const { n, channels, outputs, output } = geometry;
  const matrices = (size + 2) ** 2;
  const [down, across] = tilesOf(output, size);
  const [height = 0, width = 0] = output;
  const weights = channels * outputs;
  // Products take eight tiles at a time. The weights' transform is slow for its few operations: it writes much memory. If
  // the transformed weights are stored, that memory must still be read.
  const tiles = Math.ceil((n * down * across) / 8) * 8;
  const transforms = tiles * (channels + outputs) * matrices * 8 + (isPrepared ? 4 : 33) * matrices * weights;
  const direct = n * height * width * 9 * weights + (isPrepared ? 36 * weights : 0);
  return (tiles * matrices * weights + transforms) / (0.9 * direct);
};

/** Whether the gradient of a convolution's weights is computed by Winograd's F(4×4, 3×3). */
export function gradientSuits(geometry: ConvGeometry): boolean {
  return isPlain(geometry) && rule(geometry, 4, false) < 1;
}

export const planForward = (
  geometry: ConvGeometry,
  panels: Panels,
  reserve?: (bytes: number) => Prepared | undefined,
) => planWinograd(geometry, rule, (of, size) => weightBytes(of, size, panels), reserve);

/** The convolution that gives the gradient for the input: outputs and channels exchanged, pad = kernel − 1 − pad. */
export function transposed(geometry: ConvGeometry): ConvGeometry {
  return {
    ...geometry,
    channels: geometry.outputs,
    outputs: geometry.channels,
    input: geometry.output,
    output: geometry.input,
    pad: geometry.pad.map((size, i) => (geometry.dilation[i] ?? 1) * ((geometry.kernel[i] ?? 0) - 1) - size),
  };
}

/** Addresses. With `isTransposed`, this convolution is the gradient of another one, and the weights are that one's. */
export interface Forward extends ConvGeometry {
  readonly x: number;
  readonly w: number;
  readonly multiplier?: number;
  readonly bias?: number;
  readonly y: number;
  readonly negativeSlope?: number;
  readonly isTransposed?: boolean;
  readonly plan: WinogradPlan;
}

export function winogradCalls(args: Forward, panels: Panels): readonly Call[] {
  const { channels, outputs, output, plan } = args;
  const { size } = plan;
  const matrices = (size + 2) ** 2;
  const [, across] = tilesOf(output, size);
  const wanted = Math.floor(blockBytes / (4 * matrices * (channels + outputs)));
  const rows = Math.max(1, Math.floor(Math.min(128, Math.max(32, wanted)) / across));
  const columns = 8 * Math.ceil((rows * across) / 8);
  const blocks = apart(4 * columns * channels) + apart(4 * columns * outputs);
  const pieces = panels.count(outputs);
  const bytes = { weights: weightBytes(args, size, panels), blocks: matrices * blocks };
  return weightsAndTiles(args, "winograd", rows, { weights: pieces, outputs: pieces }, bytes);
}

/**
 * The calls of a forward: the transform of the weights, then the convolution, by blocks of `rows` rows of tiles.
 *
 * @param name the export for the convolution; the export for the weights has the same name with `Weights` at its end
 * @param pieces the number of pieces of the weights' transform, and of the outputs if threads share them
 * @param bytes the bytes of the transformed weights, and of a block's matrices
 */
export function weightsAndTiles(
  { x, w, multiplier = 0, bias = 0, y, negativeSlope = 1, isTransposed = false, plan, ...geometry }: Forward,
  name: string,
  rows: number,
  pieces: { readonly weights: number; readonly outputs: number },
  bytes: { readonly weights: number; readonly blocks: number },
): readonly Call[] {
  const { n, channels, outputs, output } = geometry;
  const { size, prepared } = plan;
  const [down, across] = tilesOf(output, size);
  const byRows = sharesOutputs(geometry, size);
  const address = prepared?.address ?? 0;
  const shared = { scratch: "winogradScratch", commonBytes: prepared ? 0 : bytes.weights } as const;
  return [
    call(`${name}Weights`, pieces.weights, [w, outputs, channels, isTransposed, size, address], {
      ...shared,
      grain: grainOf((size + 2) ** 2 * channels),
      prepares: prepared?.constant,
    }),
    call(name, byRows ? pieces.outputs : n * down, [x, multiplier, bias, y, negativeSlope, address, byRows], {
      ...shared,
      table: tableOf(geometry, rows, size),
      grain: byRows ? undefined : rows,
      scratchBytes: tilesBytes(across, rows, size) + bytes.blocks,
    }),
  ];
}

/** Bytes of transformed weights. */
function weightBytes({ channels, outputs }: ConvGeometry, size: TileSize, panels: Panels): number {
  return (size + 2) ** 2 * apart(4 * panels.filled(outputs) * channels);
}

/**
 * Whether threads share the outputs. Each then transforms all inputs, and reads only a part of the weights: this is faster
 * if there are few tiles.
 */
function sharesOutputs({ n, outputs, output }: ConvGeometry, size: TileSize): boolean {
  const [down, across] = tilesOf(output, size);
  return 2 * n * down * across < outputs;
}

export interface Backward extends ConvGeometry {
  readonly x: number;
  readonly dy: number;
  readonly dw: number;
}

export function winogradGradient(args: Backward): readonly Call[] {
  const { channels, outputs, output } = args;
  const [, across] = tilesOf(output, 4);
  const parts = partsOf(args, maximumFilters);
  const together = parts ? channels : Math.min(channels, fewChannels);
  const wanted = Math.floor(gradientBytes / (4 * 36 * (together + outputs)));
  const rows = Math.max(1, Math.floor(Math.min(maximumTiles, Math.max(64, wanted)) / across));
  const rowBytes = 16 * Math.ceil((rows * across) / 4);
  const fours = 4 * Math.ceil(together / 4);
  const blocks = apart(4 * outputs * fours) + apart(outputs * rowBytes) + apart(fours * rowBytes);
  return gradientCalls(args, "winogradGradient", rows, 36 * blocks, parts);
}

/** The calls of a gradient of the weights: export `name` computes it by channels, or, with `parts`, `nameParts` by parts. */
export function gradientCalls(
  { x, dy, dw, ...geometry }: Backward,
  name: string,
  rows: number,
  blockBytes: number,
  parts: ReturnType<typeof partsOf>,
): readonly Call[] {
  const { channels, outputs, output } = geometry;
  const [, across] = tilesOf(output, 4);
  const memory = {
    table: tableOf(geometry, rows, 4),
    scratch: "winogradScratch",
    scratchBytes: tilesBytes(across, rows, 4) + blockBytes,
  } as const;
  if (!parts) return [call(name, Math.ceil(channels / 8), [x, dy, dw], memory)];
  const { count, commonBytes } = parts;
  return [
    call(`${name}Parts`, count, [x, dy, parts.rows], { ...memory, commonBytes, grain: 1 }),
    call("winogradGradientSum", channels * outputs, [dw, count, channels * outputs], { commonBytes }),
  ];
}

/**
 * The gradient of few weights is computed in `count` parts of `rows` rows of tiles each, which are then summed. `undefined`
 * for more weights: threads then share the channels.
 */
export function partsOf({ n, channels, outputs, output }: ConvGeometry, limit: number) {
  const [down, across] = tilesOf(output, 4);
  const total = n * down;
  const wanted = Math.min(maximumParts, Math.floor((total * across) / minimumTiles));
  if (channels * outputs > limit || wanted < 2) return undefined;
  const rows = Math.ceil(total / wanted);
  const count = Math.ceil(total / rows);
  return { rows, count, commonBytes: 36 * channels * outputs * count };
}

export const tilesOf = ([height = 0, width = 0]: readonly number[], size: TileSize) =>
  [Math.ceil(height / size), Math.ceil(width / size)] as const;

/** The bytes that `Tiles` of assembly/winograd-tiles.ts needs for blocks of `rows` rows of tiles. */
function tilesBytes(across: number, rows: number, size: TileSize): number {
  const together = across % 2 === 1 ? 4 : across % 4 === 2 ? 2 : 1;
  const stagedRow = Math.ceil((together * 4 * (across * size + 2) + 128) / 16) * 16;
  return (size + 2) * stagedRow + 4 * (together * across + 4) + 8 * (rows * across + 4);
}

/** Bytes from one matrix to the next, as in assembly/winograd.ts. */
const apart = (bytes: number) => Math.ceil(bytes / 4096) * 4096 + 192;

/** The table that `Tiles` reads. */
function tableOf({ n, channels, outputs, input, output, pad }: ConvGeometry, rows: number, size: TileSize): Int32Array {
  const table = new Int32Array(16);
  table.set([n, channels, outputs, ...input, ...output, ...pad, rows, size]);
  return table;
}
