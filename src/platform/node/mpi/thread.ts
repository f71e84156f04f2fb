import { parentPort, workerData } from "node:worker_threads";
import { endProcess } from "./exit.js";
import { decodeReason, firstOf, type Reason } from "./failures.js";
import type { Mpi } from "./functions.js";
import { loadMpi } from "./library.js";
import { type FromThread, phase, type Shared, seconds, shared, state, type ThreadStart, word } from "./shared.js";
import { createWatch, type TimedReason } from "./watch.js";

/** Pauses between two tests of waiting requests, in ms. */
const [shortPause, longPause] = [0.05, 0.5];
/** A test that takes longer than this has moved data, in seconds: the next follows at once. */
const movedData = 0.000_015;
/** After this time without requests the thread sleeps until it is woken, in seconds. */
const stayAwake = 0.02;
/** The longest sleep, in ms: the watch looks around after it. */
const longSleep = 100;
/** How long the main thread may take to end the process after a failure, or to end MPI, before this thread does it, in seconds. */
const patience = 5;

/**
 * The thread that waits. It tests the requests that the main thread has begun, so that MPI goes on with them while JavaScript
 * computes, and it watches the other ranks.
 *
 * It sleeps between tests: a rank that waits for 2 s takes 50 to 80 ms of processor time with Open MPI 4.1 and MPICH 4.0. MPI's own
 * waiting, `MPI_Wait`, takes a whole core, which the kernels need. A thread of its own, and not
 * libuv's, because these are four, read files too, and would all be taken by four requests.
 */
function run(start: ThreadStart, tell: (message: FromThread) => void): void {
  const mpi = loadMpi(start);
  const memory = shared(start.buffer);
  const { words } = memory;
  const testAll = createTests(mpi, memory);
  const watch = createWatch(mpi, memory, start);
  const decide = createDecision(start, tell);
  let [isSettled, lastBusy, nextLook] = [false, 0, 0];
  tell({ type: "ready" });
  for (;;) {
    const wakes = Atomics.load(words, word.wake);
    const now = seconds();
    const { waiting, ended, oldest } = testAll();
    const took = seconds() - now;
    if (ended) tell({ type: "done" });
    if (waiting > 0) lastBusy = now;
    const wanted = Atomics.load(words, word.phase);
    if (wanted === phase.stop) break;
    const isAsked = Atomics.exchange(words, word.lookNow, 0) === 1;
    const isEnding = wanted !== phase.run || watch.reasons.length > 0;
    if (now >= nextLook || isEnding || isAsked) {
      nextLook = now + longSleep / 1000;
      if (wanted === phase.fail && watch.reasons.length === 0) watch.add(ownReason(memory), now);
      watch.look(now, isAsked);
      if (watch.reasons.length > 0) decide(watch.reasons, now);
      else if (isAsked) tell({ type: "looked" });
      if (wanted === phase.settle && !isSettled && watch.isQuiet()) {
        isSettled = true;
        tell({ type: "settled" });
      }
    }
    if (waiting === 0 || took < movedData)
      sleep(words, { wakes, waiting, age: now - oldest, calm: now - lastBusy, isEnding });
  }
  watch.look(seconds(), false);
  tell({ type: "stopped" });
  const until = seconds() + patience;
  while (Atomics.load(words, word.phase) !== phase.over && seconds() < until)
    Atomics.wait(words, word.phase, phase.stop, 100);
  if (Atomics.load(words, word.phase) !== phase.over) {
    // All ranks have done their work. MPICH over UCX hangs here if a rank is much slower than the others: see communicator.ts.
    endProcess(0, `rank ${start.rank}: MPI_Finalize did not end in ${patience} s, after all ranks had done their work`);
  }
}

function ownReason(memory: Shared): Reason {
  return decodeReason(memory.reason.slice(0, memory.words[word.reasonBytes]));
}

/** Tells the main thread which failure counts, when its time has come. If that does not end the process, this thread does. */
function createDecision({ names, rank }: ThreadStart, tell: (message: FromThread) => void) {
  let [first, decidedAt]: [Reason | undefined, number] = [undefined, 0];
  return (reasons: readonly TimedReason[], now: number): void => {
    if (first === undefined) {
      if (now < Math.min(...reasons.map(({ settlesAt }) => settlesAt))) return;
      first = firstOf(reasons) as Reason;
      decidedAt = now;
      tell({ type: "failure", rank: first.rank, what: first.what });
    } else if (now > decidedAt + patience) {
      endProcess(1, `rank ${rank} did not end by itself, and ends because ${names[first.rank]} ${first.what}`);
    }
  };
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
