import type { KernelName, Kernels } from "../../core/kernels.js";
import type { Span } from "../../core/span.js";
import type { Panels } from "./panels.js";

/** Exports of the module that say how many bytes of scratch memory a family of kernels needs. */
export type ScratchName =
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
 * The export is called with the range of pieces to do, `0, pieces` where nobody shares the work, and then with
 * `numbers`. The workspace then begins with `table`.
 */
export interface Call {
  readonly name: string;
  /** How many pieces, independent of each other, its work falls into; none, and there is nothing to do. */
  readonly pieces: number;
  /**
   * So many pieces, or more, are worth a call of their own; fewer than some of these, and threads get one even share each.
   * Default: as many as single values would be.
   */
  readonly least?: number | undefined;
  readonly numbers: readonly number[];
  readonly table?: Int32Array;
  /** What it needs of workspace behind the table, `scratchTimes` (1) times, and so many bytes more. */
  readonly scratch?: ScratchName;
  readonly scratchTimes?: number;
  readonly scratchBytes?: number;
  /** Bytes it leaves for the next call in the memory that all threads share, or finds there. */
  readonly commonBytes?: number;
  /** The constant it prepares: the call is made again only when that may have changed. */
  readonly prepares?: Span | undefined;
}

/** Memory for what is prepared of a constant. */
export interface Kept {
  readonly address: number;
  readonly constant: Span;
}

/** Gives out memory for so many bytes prepared of a span; none if the span is no constant, or there is no room. */
export type Keep = (span: Span, bytes: number) => Kept | undefined;

/**
 * The address of a span, which must have this many values, or more: kernels do not check. 0 for no span.
 *
 * @throws MokaError `MOKA_SHAPE` if it has fewer
 */
export type Locate = (span: Span | undefined, count: number) => number;

/** Makes a kernel's call of its arguments; or several, each of which waits for the one before. */
export type Bind<K extends KernelName> = (
  args: Kernels[K],
  at: Locate,
  keep: Keep,
  panels: Panels,
) => Call | readonly Call[];
export type Bindings = { readonly [K in KernelName]: Bind<K> };

/** How many pieces of so many values each are worth a call of their own. */
export function leastOf(values: number): number {
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
