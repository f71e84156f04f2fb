import type { KernelName, Kernels } from "../../core/kernels.js";
import type { Span } from "../../core/span.js";
import type { Panels } from "./panels.js";

/** Exports of the module that say how many bytes of scratch memory a family of kernels needs. */
type ScratchName =
  | "gemmScratch"
  | "convScratch"
  | "winogradScratch"
  | "batchNormScratch"
  | "sumDimsScratch"
  | "lrnScratch" // for each channel
  | "accuracyScratch"; // for each class

/**
 * One call of an export: plain data, so that all threads can run the same list of calls on the same memory.
 *
 * The arguments of the export are the range of pieces to compute, `0, pieces` on a single thread, and then `numbers`. The
 * workspace begins with `table`.
 */
export interface Call {
  readonly name: string;
  /** The number of independent pieces of its work; with 0 there is nothing to do. */
  readonly pieces: number;
  /**
   * Grain size: the least number of pieces that is worth a call. A call of only a few grains is shared evenly among threads.
   * Default: that of elementwise kernels.
   */
  readonly grain?: number | undefined;
  readonly numbers: readonly number[];
  readonly table?: Int32Array;
  /** The export with the bytes of workspace after the table; these times `scratchTimes` (default 1), plus `scratchBytes`. */
  readonly scratch?: ScratchName;
  readonly scratchTimes?: number;
  readonly scratchBytes?: number;
  /** Bytes that it uses of the memory that all threads share: it writes them for the next call, or reads them. */
  readonly commonBytes?: number;
  /** The constant that it prepares. The call runs again only if the constant may have changed. */
  readonly prepares?: Span | undefined;
}

/** Memory for the prepared form of a constant. */
export interface Prepared {
  readonly address: number;
  readonly constant: Span;
}

/** Reserves bytes for the prepared form of a span; undefined if the span is not a constant, or there is no room. */
export type Reserve = (span: Span, bytes: number) => Prepared | undefined;

/**
 * The address of a span; 0 for no span. The span must have at least `count` values, because kernels do not check it.
 *
 * @throws MokaError `MOKA_SHAPE` if it has fewer
 */
export type Locate = (span: Span | undefined, count: number) => number;

/** Makes one call from a kernel's arguments, or several calls, each of which waits for the one before. */
export type Bind<K extends KernelName> = (
  args: Kernels[K],
  at: Locate,
  reserve: Reserve,
  panels: Panels,
) => Call | readonly Call[];
export type Bindings = { readonly [K in KernelName]: Bind<K> };

/** The grain size of pieces that have this many values each. */
export function grainOf(values: number): number {
  return Math.ceil(4096 / Math.max(1, values));
}

export function call(
  name: string,
  pieces: number,
  numbers: readonly (number | boolean)[],
  extra: Omit<Call, "name" | "pieces" | "numbers"> = {},
): Call {
  return { name, pieces, numbers: numbers.map(Number), ...extra };
}
