import type { ConvGeometry } from "../../../core/kernels.js";
import { type Call, call } from "../call.js";
import * as plain from "../winograd.js";
import { type Backward, type Forward, partsOf, stagedBytes, tableOf, tilesOf } from "../winograd.js";

/** Bytes that a block's transforms may have in all: they should stay in the cache. */
const blockBytes = 2 ** 20;
/** With so many filters of one channel or fewer, the gradient of the weights is computed in parts. */
const mostFilters = 128 * 128;

/**
 * Whether it is the faster way here too: transforms weigh more where products are fast. The factors are measured, in
 * multiplications of the plain way.
 */
export function suitsWinograd(geometry: ConvGeometry): boolean {
  if (!plain.suitsWinograd(geometry)) return false;
  const { n, channels, outputs, output } = geometry;
  const [height = 0, width = 0] = output;
  const [down, across] = tilesOf(output);
  const weights = channels * outputs;
  const transformed = n * down * across * (52 * weights + 700 * (channels + outputs)) + 1500 * weights;
  return transformed < n * height * width * 9 * weights;
}

/** As those of the plain engine, with dense matrices. */
export function winogradCalls(args: Forward): readonly Call[] {
  const { x, w, factor = 0, bias = 0, y, leak = 1, isTurned = false, ...geometry } = args;
  const { n, channels, outputs, output } = geometry;
  const [down, across] = tilesOf(output);
  const wanted = Math.floor(blockBytes / (4 * 36 * (channels + outputs)));
  const rows = Math.max(1, Math.floor(Math.min(512, Math.max(48, wanted)) / across));
  const width = Math.ceil((rows * across) / 4) * 4;
  const weights = 36 * sliceBytes(outputs * channels);
  return [
    call("winogradBlasWeights", outputs, [w, outputs, channels, isTurned], {
      scratch: "winogradScratch",
      commonBytes: weights,
    }),
    call("winogradBlas", n * down, [x, factor, bias, y, leak], {
      table: tableOf(geometry, rows),
      scratch: "winogradScratch",
      scratchBytes: stagedBytes(across) + 36 * (sliceBytes(channels * width) + sliceBytes(outputs * width)) + 64,
      commonBytes: weights,
    }),
  ];
}

export function winogradGradient({ x, dy, dw, ...geometry }: Backward): readonly Call[] {
  const { channels, outputs, output } = geometry;
  const [, across] = tilesOf(output);
  const wanted = Math.floor((2 * blockBytes) / (4 * 36 * (channels + outputs)));
  const rows = Math.max(1, Math.floor(Math.min(512, Math.max(64, wanted)) / across));
  const steps = Math.ceil((rows * across) / 4) * 4;
  const matrices = sliceBytes(outputs * channels) + sliceBytes(outputs * steps) + sliceBytes(channels * steps);
  const memory = {
    table: tableOf(geometry, rows),
    scratch: "winogradScratch",
    scratchBytes: stagedBytes(across) + 36 * matrices + 128,
  } as const;
  const parts = partsOf(geometry, mostFilters);
  if (!parts) return [call("winogradBlasGradient", Math.ceil(channels / 8), [x, dy, dw], memory)];
  const { count, commonBytes } = parts;
  return [
    call("winogradBlasGradientParts", count, [x, dy, parts.rows], { ...memory, commonBytes }),
    call("winogradGradientSum", channels * outputs, [dw, count, channels * outputs], { commonBytes }),
  ];
}

/** From one matrix to the next, as in assembly/winograd-blas.ts. */
const sliceBytes = (count: number) => Math.ceil((4 * count) / 4096) * 4096 + 192;
