import { MokaError } from "../../../util/errors.js";
import type { Address, Mpi } from "./functions.js";
import { type Shared, seconds, slots, state, word } from "./shared.js";

/** A call that is in flight: who waits for it, and the arrays that must not be collected before it ends. */
interface Pending {
  readonly resolve: (ended: number) => void;
  readonly reject: (error: unknown) => void;
  readonly keep: unknown;
}

/** Requests of MPI that were begun on the main thread. */
export interface Requests {
  /**
   * Begins a request at once, and resolves with the time of its end. `start` gets the place of MPI's handle and returns MPI's
   * error code. A request of few bytes is soon looked for, `isSmall`; others are left to the thread that waits.
   */
  begin(call: number, isSmall: boolean, keep: unknown, start: (request: Address) => number): Promise<number>;
  /** Settles the promises of requests that have ended. */
  collect(): void;
  /** Rejects all calls that have not ended, and those that are made later. MPI may still write to the arrays of the former. */
  fail(error: unknown): void;
}

/** How long the main thread looks for the end of a small request: a hop from another thread takes 50 to 100 µs. */
const lookFor = 0.001;

/**
 * Starts requests on the main thread, in the order of the calls, and settles their promises.
 *
 * Two threads test requests, so that messages go on while JavaScript computes and no time is lost while it waits: the thread that
 * waits, in pauses, and for a millisecond after a small request the main thread, in each turn of its event loop. A request's state
 * says which of them has it. A request that MPI reports as failed is told with `broken`; it waits until the ranks have found out
 * which of them is the cause.
 */
export function createRequests(
  mpi: Mpi,
  memory: Shared,
  hold: (isWaiting: boolean) => void,
  broken: (code: number) => void,
): Requests {
  const { words, states, calls, codes, requests, began, ended } = memory;
  const free = Array.from({ length: slots }, (_, i) => slots - 1 - i);
  const pending = new Map<number, Pending>();
  /** Arrays of calls that were rejected: MPI goes on with them until the process ends. */
  const abandoned: unknown[] = [];
  const requestAt = mpi.addressOf(requests);
  const flagAt = mpi.addressOf(words) + 4 * word.flag;
  let failure: { readonly error: unknown } | undefined;
  let lookUntil = 0;
  let isLooking = false;

  const take = (slot: number): Pending | undefined => {
    const call = pending.get(slot);
    pending.delete(slot);
    if (pending.size === 0) hold(false);
    return call;
  };
  const settle = (slot: number): void => {
    // An atomic load comes before the loads of what the other thread, or MPI on it, wrote before it stored the state.
    const now = Atomics.load(states, slot);
    if (now === state.failed) {
      states[slot] = state.broken;
      broken(codes[slot] ?? 0);
    } else if (now === state.done) {
      const end = ended[slot] ?? 0;
      states[slot] = state.free;
      free.push(slot);
      take(slot)?.resolve(end);
    }
  };
  const test = (slot: number): void => {
    if (Atomics.compareExchange(states, slot, state.waiting, state.testing) !== state.waiting) return;
    const code = mpi.test(requestAt + 8 * slot, flagAt, mpi.constants.ignoreStatus);
    if (code !== 0) codes[slot] = code;
    else if (words[word.flag] === 0) {
      Atomics.store(states, slot, state.waiting);
      return;
    } else ended[slot] = seconds();
    states[slot] = code === 0 ? state.done : state.failed;
  };
  const collect = (): void => {
    for (const slot of [...pending.keys()]) settle(slot);
  };
  const look = (): void => {
    for (const slot of pending.keys()) test(slot);
    collect();
    isLooking = pending.size > 0 && seconds() < lookUntil;
    if (isLooking) setImmediate(look);
  };

  return {
    begin: (call, isSmall, keep, start) => {
      if (failure) return Promise.reject(failure.error);
      const slot = free.pop();
      if (slot === undefined) {
        return Promise.reject(new MokaError("MOKA_RANK", `more than ${slots} requests of MPI are in flight at once`));
      }
      const now = seconds();
      words[word.slots] = Math.max(words[word.slots] ?? 0, slot + 1);
      calls[slot] = call;
      began[slot] = now;
      const code = start(requestAt + 8 * slot);
      if (pending.size === 0) hold(true);
      const promise = new Promise<number>((resolve, reject) => pending.set(slot, { resolve, reject, keep }));
      codes[slot] = code;
      Atomics.store(states, slot, code === 0 ? state.waiting : state.failed);
      if (isSmall) {
        lookUntil = now + lookFor;
        test(slot);
      }
      settle(slot);
      if (!pending.has(slot)) return promise;
      if (isSmall && !isLooking) {
        isLooking = true;
        setImmediate(look);
      }
      // The thread counts wakes before it looks at the requests, and sleeps only if none has come since.
      Atomics.add(words, word.wake, 1);
      if (Atomics.load(words, word.asleep) === 1) Atomics.notify(words, word.wake);
      return promise;
    },
    collect,
    fail: (error) => {
      failure ??= { error };
      for (const slot of [...pending.keys()]) {
        const call = take(slot);
        abandoned.push(call?.keep);
        call?.reject(failure.error);
      }
    },
  };
}
