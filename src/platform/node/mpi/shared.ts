import type { Handle } from "./functions.js";
import type { MpiLibrary } from "./library.js";

/** How many requests of MPI may be in flight at once. */
export const slots = 4096;

/** What a request is doing. Only the thread that put it into `testing` may give it to MPI. */
export const state = { free: 0, waiting: 1, testing: 2, done: 3, failed: 4, broken: 5 } as const;

/** What the main thread wants of the thread that waits. */
export const phase = { run: 0, fail: 1, settle: 2, stop: 3, over: 4 } as const;

/** The first words of the memory: what they hold, and where. */
export const word = {
  wake: 0,
  asleep: 1,
  phase: 2,
  begun: 3,
  reasonBytes: 4,
  flag: 5,
  lookNow: 6,
  slots: 7,
} as const;

const firstSlot = 64;
const reasonBytes = 4096;

/**
 * The memory that the main thread and the thread that waits share. A request of MPI lies in a slot: MPI's handle of it, its state,
 * the number of the call that it belongs to, MPI's error code, and when it began and ended, in seconds of the machine's clock.
 */
export interface Shared {
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly states: Int32Array;
  readonly calls: Int32Array;
  readonly codes: Int32Array;
  readonly requests: Float64Array;
  readonly began: Float64Array;
  readonly ended: Float64Array;
  /** Why this rank fails, as UTF-8. */
  readonly reason: Uint8Array;
}

export function shared(buffer = new SharedArrayBuffer(4 * firstSlot + slots * 36 + reasonBytes)): Shared {
  const ints = (part: number) => new Int32Array(buffer, 4 * (firstSlot + part * slots), slots);
  const floats = (part: number) => new Float64Array(buffer, 4 * firstSlot + 12 * slots + 8 * part * slots, slots);
  return {
    buffer,
    words: new Int32Array(buffer, 0, firstSlot),
    ...{ states: ints(0), calls: ints(1), codes: ints(2) },
    ...{ requests: floats(0), began: floats(1), ended: floats(2) },
    reason: new Uint8Array(buffer, 4 * firstSlot + 36 * slots, reasonBytes),
  };
}

/** Seconds of a clock that all threads of the process share. */
export const seconds = (): number => Number(process.hrtime.bigint()) / 1e9;

/** What the thread needs to know. */
export interface ThreadStart extends MpiLibrary {
  readonly buffer: SharedArrayBuffer;
  /** The communicator of what ranks tell of themselves. */
  readonly comm: Handle;
  readonly rank: number;
  readonly names: readonly string[];
  /** The mark of each rank's process. */
  readonly marks: readonly string[];
  /** Seconds. */
  readonly timeout: number;
}

/** What the thread tells. */
export type FromThread =
  | { readonly type: "ready" | "done" | "looked" | "settled" | "stopped" }
  | { readonly type: "failure"; readonly rank: number; readonly what: string }
  | { readonly type: "broken"; readonly reason: string };
