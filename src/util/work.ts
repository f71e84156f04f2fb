import { turnIfDue } from "./event-loop.js";

/** How far a long piece of work is: reported when it begins, and after each of its parts. */
export interface WorkProgress {
  /** What is counted. `bytes` are those of a file of the web; all else is the work itself. */
  readonly what: "bytes" | "iterations" | "test batches" | "batches" | "layers" | "images" | "records";
  readonly done: number;
  /** Of how many; undefined where that is not known before the end. */
  readonly total: number | undefined;
  /** The address of the file whose bytes are counted. */
  readonly url?: string;
}

/**
 * Options of work that can take long.
 *
 * @example
 * ```ts
 * const solver = await Solver.load("solver.prototxt");
 * const control = new AbortController();
 * const onProgress = ({ what, done }) => what === "iterations" && done === 2 && control.abort();
 * await solver.solve({ signal: control.signal, onProgress }).catch(({ name }) => name); // "AbortError"
 * solver.iter; // 2
 * await solver.step(2); // goes on
 * await solver.dispose();
 * ```
 */
export interface WorkOptions {
  /**
   * Ends the work where it is whole, between two of its parts, when it is aborted: the promise is rejected with the signal's
   * reason, an `AbortError` by default. Files that are written at the end are then not written.
   */
  readonly signal?: AbortSignal | undefined;
  /** Is called when the work begins, and after each of its parts. */
  readonly onProgress?: ((progress: WorkProgress) => void) | undefined;
}

/** Parts of work that are counted together: the work of this call begins at `done`, of `total`. */
export interface Count {
  readonly what: WorkProgress["what"];
  readonly total: number | undefined;
  readonly done?: number;
}

/**
 * The items, one part of the work each. Before each it looks whether the work is aborted, and after each it reports the
 * progress and lets events be handled when it is time.
 */
export async function* watched<T>(
  items: Iterable<T> | AsyncIterable<T>,
  { what, total, done = 0 }: Count,
  { signal, onProgress }: WorkOptions,
): AsyncGenerator<T, void, undefined> {
  const report = (count: number) => onProgress?.({ what, done: count, total });
  let count = done;
  signal?.throwIfAborted();
  report(count);
  for await (const item of items) {
    signal?.throwIfAborted();
    yield item;
    report(++count);
    await turnIfDue();
  }
}

/** Options for several works in a row whose number is not known: their parts are counted on, from one work to the next. */
export function countedOn(options: WorkOptions): WorkOptions {
  const { signal, onProgress } = options;
  let [before, last] = [0, -1];
  return {
    signal,
    onProgress: ({ what, done }) => {
      if (done === 0) before = Math.max(0, last);
      // The beginning of a work is the end of the one before.
      if (before + done === last) return;
      last = before + done;
      onProgress?.({ what, done: last, total: undefined });
    },
  };
}

/** The numbers from 0 to `count` − 1. */
export function upTo(count: number): Iterable<number> {
  return Array(count).keys();
}

/**
 * Does work with a signal that follows `signal` until the work ends: what the work makes may live longer, and then no abort
 * concerns it. An error that comes after the abort ends as the signal's reason.
 */
export async function stoppable<T>(
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (!signal) return work(undefined);
  signal.throwIfAborted();
  const own = new AbortController();
  const abort = () => own.abort(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    return await work(own.signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
