import { parentPort, workerData } from "node:worker_threads";
import { decodeReason, firstOf, type Reason } from "./failures.js";
import type { Mpi } from "./functions.js";
import { loadMpi } from "./library.js";
import { type FromThread, phase, type Shared, seconds, shared, state, type ThreadStart, word } from "./shared.js";
import { createWatch } from "./watch.js";

/** Pauses between two tests of waiting requests, in ms. */
const [shortPause, longPause] = [0.05, 0.5];
/** A test that takes longer than this has moved data, in seconds: the next follows at once. */
const movedData = 0.000_015;
/** After this time without requests the thread sleeps until it is woken, in seconds. */
const stayAwake = 0.02;
/** The longest sleep, in ms: the watch looks around after it. */
const longSleep = 100;
/** How long failures are collected before the ranks settle on one, in seconds. */
const settling = 0.25;

/**
 * The thread that waits. It tests the requests that the main thread has begun, so that MPI goes on with them while JavaScript
 * computes, and it watches the other ranks.
 *
 * It sleeps between tests. MPI's own waiting, `MPI_Wait`, takes a whole core, which the kernels need. A thread of its own, and not
 * libuv's, because these are four, read files too, and would all be taken by four requests.
 */
function run(start: ThreadStart, tell: (message: FromThread) => void): void {
  const mpi = loadMpi(start);
  const memory = shared(start.buffer);
  const { words } = memory;
  const testAll = createTests(mpi, memory);
  const watch = createWatch(mpi, memory, start);
  const reasons: Reason[] = [];
  let [decideAt, isDecided, isSettled, lastBusy, nextLook] = [0, false, false, 0, 0];
  const add = (found: readonly Reason[], now: number) => {
    if (found.length > 0 && reasons.length === 0) decideAt = now + settling;
    reasons.push(...found);
  };
  tell({ type: "ready" });
  for (;;) {
    const wakes = Atomics.load(words, word.wake);
    const now = seconds();
    const { waiting, ended, oldest } = testAll();
    const took = seconds() - now;
    if (ended) tell({ type: "done" });
    if (waiting > 0) lastBusy = now;
    const wanted = Atomics.load(words, word.phase);
    const isAsked = Atomics.exchange(words, word.lookNow, 0) === 1;
    if (now >= nextLook || wanted !== phase.run || reasons.length > 0 || isAsked) {
      nextLook = now + longSleep / 1000;
      if (wanted === phase.fail && !watch.hasTold()) {
        const own = decodeReason(memory.reason.slice(0, words[word.reasonBytes]));
        add([own], now);
        watch.tellOthers(own);
      }
      add(watch.look(now, isAsked), now);
      if (reasons.length > 0 && !watch.hasTold()) watch.tellOthers(reasons[0] as Reason);
      if (reasons.length > 0 && now >= decideAt && !isDecided) {
        isDecided = true;
        const first = firstOf(reasons) as Reason;
        tell({ type: "failure", rank: first.rank, what: first.what });
        tell({ type: "told" });
      }
      if (wanted === phase.settle && !isSettled && watch.isQuiet()) {
        isSettled = true;
        tell({ type: "settled" });
      }
      if (wanted === phase.stop) break;
    }
    const isEnding = wanted !== phase.run || reasons.length > 0;
    if (waiting === 0 || took < movedData)
      sleep(words, { wakes, waiting, age: now - oldest, calm: now - lastBusy, isEnding });
  }
  watch.look(seconds(), false);
  tell({ type: "stopped" });
}

/** Tests all waiting requests once. */
function createTests(mpi: Mpi, memory: Shared) {
  const { states, codes, ended, began } = memory;
  const requestAt = mpi.addressOf(memory.requests);
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const flagAt = mpi.addressOf(flag);
  return () => {
    let [waiting, hasEnded, oldest] = [0, false, Number.POSITIVE_INFINITY];
    const highest = Atomics.load(memory.words, word.slots) ?? 0;
    for (let slot = 0; slot < highest; slot++) {
      if (Atomics.compareExchange(states, slot, state.waiting, state.testing) !== state.waiting) continue;
      const code = mpi.test(requestAt + 8 * slot, flagAt, mpi.constants.ignoreStatus);
      if (code === 0 && flag[0] === 0) {
        waiting++;
        oldest = Math.min(oldest, began[slot] ?? 0);
        Atomics.store(states, slot, state.waiting);
        continue;
      }
      codes[slot] = code;
      ended[slot] = seconds();
      hasEnded = true;
      Atomics.store(states, slot, code === 0 ? state.done : state.failed);
    }
    return { waiting, ended: hasEnded, oldest };
  };
}

/** What the thread knows when it may sleep. */
interface Idle {
  /** The count of wakes before the last look at the requests: a wake since then ends the sleep at once. */
  readonly wakes: number;
  readonly waiting: number;
  /** How long the oldest request waits, and how long it is since there was one, in seconds. */
  readonly age: number;
  readonly calm: number;
  readonly isEnding: boolean;
}

function sleep(words: Int32Array, { wakes, waiting, age, calm, isEnding }: Idle): void {
  // The longer a request waits, the less a longer pause matters: a twentieth of the time, in ms.
  if (waiting > 0) Atomics.wait(words, word.wake, wakes, Math.min(longPause, Math.max(shortPause, age * 50)));
  else if (isEnding) Atomics.wait(words, word.wake, wakes, 5);
  else if (calm < stayAwake) Atomics.wait(words, word.wake, wakes, longPause);
  else {
    Atomics.store(words, word.asleep, 1);
    Atomics.wait(words, word.wake, wakes, longSleep);
    Atomics.store(words, word.asleep, 0);
  }
}

const port = parentPort;
if (port) run(workerData as ThreadStart, (message) => port.postMessage(message));
