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
 * One call of an export: plain data, so that threads can walk the same list over the same memory.
 *
 * The export is called with the range of pieces to do, `0, pieces` on a single thread, and then with `numbers`. The workspace
 * begins with `table`.
 */
export interface Call {
  readonly name: string;
  /** The number of independent pieces of its work; with 0 there is nothing to do. */
  readonly pieces: number;
  /**
   * Grain size: this number of pieces, or more, is worth a call. A call of only a few grains is shared evenly among threads.
   * Default: that of single values.
   */
  readonly grain?: number | undefined;
  readonly numbers: readonly number[];
  readonly table?: Int32Array;
  /** Workspace behind the table: `scratchTimes` (default 1) times the bytes that this export says, and `scratchBytes` more. */
  readonly scratch?: ScratchName;
  readonly scratchTimes?: number;
  readonly scratchBytes?: number;
  /** Bytes it leaves for the next call in the memory that all threads share, or finds there. */
  readonly commonBytes?: number;
  /** The constant it prepares: the call is made again only when that may have changed. */
  readonly prepares?: Span | undefined;
}

/** Memory for what is prepared of a constant. */
export interface Prepared {
  readonly address: number;
  readonly constant: Span;
}

/** Reserves bytes for what is prepared of a span; none if the span is no constant, or there is no room. */
export type Reserve = (span: Span, bytes: number) => Prepared | undefined;

/**
 * The address of a span, which must have this many values, or more: kernels do not check. 0 for no span.
 *
 * @throws MokaError `MOKA_SHAPE` if it has fewer
 */
export type Locate = (span: Span | undefined, count: number) => number;

/** Makes a call of a kernel's arguments, or several, each of which waits for the one before. */
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
