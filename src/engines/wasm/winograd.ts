import type { ConvGeometry } from "../../core/kernels.js";
import { type Call, call } from "./call.js";

/** Bytes that a block's transforms may have in all: they should stay in the cache. */
const blockBytes = 2 ** 21;
/** The same for the gradient of the weights, and how many tiles a block has there. */
const gradientBytes = 2 ** 19;
const leastTiles = 256;
const mostTiles = 256;
/** Channels that assembly/winograd-gradient.ts takes together. */
const fewChannels = 64;
/** With so many filters of one channel or fewer, the gradient of the weights is computed in parts. */
const mostFilters = 64 * 64;
const mostParts = 8;

/**
 * Whether Winograd's F(4×4, 3×3) is the faster way: it multiplies a quarter as often, but transforms, computes whole
 * tiles where the output has part of one, and transforms all weights. Its errors are some ten times larger than those
 * of the plain sum, and stay below 1e-5 of the output's mean square root.
 */
export function suitsWinograd(geometry: ConvGeometry): boolean {
  const { n, channels, outputs, group, output, kernel, stride, pad, dilation } = geometry;
  const plain =
    kernel.length === 2 &&
    group === 1 &&
    kernel.every((size) => size === 3) &&
    [...stride, ...dilation].every((step) => step === 1) &&
    pad.every((size) => size >= 0 && size <= 2);
  if (!plain || channels < 16 || outputs < 16) return false;
  const [down, across] = tilesOf(output);
  if (down * across === 0 || across > mostTiles) return false;
  const [height = 0, width = 0] = output;
  const direct = n * height * width * 9 * channels * outputs;
  // Products take eight tiles at a time. The weights' transform is slow for what it computes: it fills large memory.
  const tiles = Math.ceil((n * down * across) / 8) * 8;
  const transformed = tiles * (36 * channels * outputs + 300 * (channels + outputs)) + 1200 * channels * outputs;
  return transformed < 0.9 * direct;
}

/** The convolution that gives the gradient for the input: outputs for channels, and the padding that is left. */
export function turned(geometry: ConvGeometry): ConvGeometry {
  return {
    ...geometry,
    channels: geometry.outputs,
    outputs: geometry.channels,
    input: geometry.output,
    output: geometry.input,
    pad: geometry.pad.map((size, i) => (geometry.kernel[i] ?? 0) - 1 - size),
  };
}

/** Addresses; with `isTurned`, the weights are those of the convolution this is the gradient of. */
export interface Forward extends ConvGeometry {
  readonly x: number;
  readonly w: number;
  readonly factor?: number;
  readonly bias?: number;
  readonly y: number;
  readonly leak?: number;
  readonly isTurned?: boolean;
}

export function winogradCalls(args: Forward): readonly Call[] {
  const { x, w, factor = 0, bias = 0, y, leak = 1, isTurned = false, ...geometry } = args;
  const { n, channels, outputs, output } = geometry;
  const [down, across] = tilesOf(output);
  const wanted = Math.floor(blockBytes / (4 * 36 * (channels + outputs)));
  const rows = Math.max(1, Math.floor(Math.min(128, Math.max(32, wanted)) / across));
  const panels = Math.ceil((rows * across) / 8);
  const weights = 36 * sliceBytes(outputs, channels);
  return [
    call("winogradWeights", panelsOf(outputs), [w, outputs, channels, isTurned], {
      scratch: "winogradScratch",
      commonBytes: weights,
    }),
    call("winograd", n * down, [x, factor, bias, y, leak], {
      table: tableOf(geometry, rows),
      scratch: "winogradScratch",
      scratchBytes: stagedBytes(across) + 36 * (apart(32 * panels * channels) + apart(32 * panels * outputs)),
      commonBytes: weights,
    }),
  ];
}

export interface Backward extends ConvGeometry {
  readonly x: number;
  readonly dy: number;
  readonly dw: number;
}

export function winogradGradient({ x, dy, dw, ...geometry }: Backward): readonly Call[] {
  const { channels, outputs, output } = geometry;
  const [, across] = tilesOf(output);
  const parts = partsOf(geometry, mostFilters);
  const together = parts ? channels : Math.min(channels, fewChannels);
  const wanted = Math.floor(gradientBytes / (4 * 36 * (together + outputs)));
  const rows = Math.max(1, Math.floor(Math.min(mostTiles, Math.max(64, wanted)) / across));
  const rowBytes = 16 * Math.ceil((rows * across) / 4);
  const fours = 4 * Math.ceil(together / 4);
  const blocks = apart(4 * outputs * fours) + apart(outputs * rowBytes) + apart(fours * rowBytes);
  const memory = {
    table: tableOf(geometry, rows),
    scratch: "winogradScratch",
    scratchBytes: stagedBytes(across) + 36 * blocks,
  } as const;
  if (!parts) return [call("winogradGradient", Math.ceil(channels / 8), [x, dy, dw], memory)];
  const { count, commonBytes } = parts;
  return [
    call("winogradGradientParts", count, [x, dy, parts.rows], { ...memory, commonBytes }),
    call("winogradGradientSum", channels * outputs, [dw, count, channels * outputs], { commonBytes }),
  ];
}

/**
 * How the gradient of few weights is computed: in so many parts, each of so many rows of tiles, and then summed. Of more
 * weights it is shared out by channels.
 */
export function partsOf({ n, channels, outputs, output }: ConvGeometry, most: number) {
  const [down, across] = tilesOf(output);
  const total = n * down;
  const wanted = Math.min(mostParts, Math.floor((total * across) / leastTiles));
  if (channels * outputs > most || wanted < 2) return undefined;
  const rows = Math.ceil(total / wanted);
  const count = Math.ceil(total / rows);
  return { rows, count, commonBytes: 36 * channels * outputs * count };
}

export const tilesOf = ([height = 0, width = 0]: readonly number[]) =>
  [Math.ceil(height / 4), Math.ceil(width / 4)] as const;

/** Six rows of the input, with room for whole vectors of tiles. */
export const stagedBytes = (across: number) => 6 * 4 * (16 * Math.ceil(across / 4) + 4);

/** From one packed matrix of transformed weights to the next, as in assembly/winograd.ts. */
const sliceBytes = (rows: number, steps: number) => apart(4 * panelRows(rows) * steps);

const apart = (bytes: number) => Math.ceil(bytes / 4096) * 4096 + 192;

/** Rows in packed panels of 5 and 4, as assembly/pack.ts makes them. */
function panelRows(rows: number): number {
  const fives = fivesOf(rows);
  return 5 * fives + 4 * Math.ceil((rows - 5 * fives) / 4);
}

function panelsOf(rows: number): number {
  const fives = fivesOf(rows);
  return fives + Math.ceil((rows - 5 * fives) / 4);
}

function fivesOf(rows: number): number {
  const left = rows % 5;
  const fours = left === 0 ? 0 : 5 - left;
  return 4 * fours <= rows ? (rows - 4 * fours) / 5 : Math.floor(rows / 5);
}

/** What `Tiles` of assembly/winograd.ts reads. */
export function tableOf({ n, channels, outputs, input, output, pad }: ConvGeometry, rows: number): Int32Array {
  const table = new Int32Array(16);
  table.set([n, channels, outputs, ...input, ...output, ...pad, rows]);
  return table;
}
