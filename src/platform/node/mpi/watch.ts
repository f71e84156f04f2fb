import { type Beat, type Heard, judge } from "./beats.js";
import { decodeReason, encodeReason, noticeBytes, type Reason, settling } from "./failures.js";
import type { Mpi } from "./functions.js";
import { died, processState } from "./processes.js";
import { phase, type Shared, state, type ThreadStart, word } from "./shared.js";

/** Kinds of messages, by their tags. */
const [noticeTag, beatTag] = [1, 2];
/** How often processes of this machine are looked at, in seconds. */
const processInterval = 0.2;
/** After a pause this long the rank itself was stopped, in seconds: the others were not silent, it did not listen. */
const ownStop = 2;

/** A failure, and when this rank settles, in seconds of its clock. */
export interface TimedReason extends Reason {
  readonly settlesAt: number;
}

/** What the waiting thread knows of the other ranks. */
export interface Watch {
  /** The failures that are known. All ranks report the first of them. */
  readonly reasons: readonly TimedReason[];
  /** Receives what has come, tells what is due, and looks for failures. */
  look(now: number, isAsked: boolean): void;
  /** Adds a failure; the first is sent to all others. */
  add(reason: Reason, now: number): void;
  /** Whether all messages of this rank were taken. */
  isQuiet(): boolean;
}

/**
 * Watches the other ranks. Each tells rank 0 every second what it does, and rank 0 tells all that it is there. A rank has at most
 * one such message under way to another. Processes of the same machine are looked at directly.
 */
export function createWatch(mpi: Mpi, memory: Shared, start: ThreadStart): Watch {
  const { rank, marks, names, timeout } = start;
  const { byte, ignoreStatus } = mpi.constants;
  const others = marks.map((_, i) => i).filter((i) => i !== rank);
  const beatsTo = rank === 0 ? others : [0];
  const interval = Math.min(1, timeout / 4);
  const notices = createSender(mpi, start, others, noticeBytes);
  const beats = createSender(mpi, start, beatsTo, 24);
  const receive = createReceiver(mpi, start);
  const heard: (Heard | undefined)[] = marks.map(() => undefined);
  const reasons: TimedReason[] = [];
  let [nextProcesses, nextBeat, lastLook] = [0, 0, 0];

  const add = (reason: Reason, now: number): void => {
    if (reasons.length === 0) {
      for (const other of others) notices.send(other, noticeTag, encodeReason(reason));
    }
    reasons.push({ ...reason, settlesAt: now + reason.settlesIn });
  };
  const listen = (now: number): void => {
    receive((source, tag, bytes) => {
      if (tag === noticeTag) add(decodeReason(bytes), now);
      else {
        const [begun = 0, waitsIn = -1, waited = 0] = new Float64Array(bytes.slice().buffer);
        heard[source] = { begun, waitsIn, waited, at: now };
      }
    });
  };
  const lookAtProcesses = (now: number, isAsked: boolean): void => {
    const dead = others.filter((other) => processState(marks[other] ?? "") === "ended");
    if (dead.length === 0) return;
    // A rank that told why it ends did so before it ended.
    listen(now);
    if (reasons.length > 0) return;
    // A launcher that has said so ends this rank soon.
    const settlesIn = isAsked ? 0 : settling("died");
    for (const other of dead) add({ kind: "died", rank: other, what: died, settlesIn }, now);
  };
  const stopped = (other: number) => processState(marks[other] ?? "") === "stopped";
  const beat = (now: number): void => {
    const own = beatOf(memory, now);
    const message = new Uint8Array(Float64Array.of(own.begun, own.waitsIn, own.waited).buffer);
    for (const other of beatsTo) if (beats.isFree(other)) beats.send(other, beatTag, message);
    if (rank === 0) heard[0] = { ...own, at: now };
    const late = judge(heard, now, timeout, names, stopped);
    if (late) add({ ...late, kind: "silent", settlesIn: settling("silent") }, now);
  };

  return {
    reasons,
    add,
    look: (now, isAsked) => {
      // Messages wait for a rank that was stopped. It must read them before it judges others.
      if (lastLook === 0 || now - lastLook > ownStop) {
        for (const other of beatsTo)
          heard[other] = { begun: Number.POSITIVE_INFINITY, waitsIn: -1, waited: 0, at: now };
      }
      lastLook = now;
      listen(now);
      // Ranks end one after the other at the end of a training, and after a failure.
      const isRunning = () => Atomics.load(memory.words, word.phase) === phase.run && reasons.length === 0;
      if (isRunning() && (now >= nextProcesses || isAsked)) {
        nextProcesses = now + processInterval;
        lookAtProcesses(now, isAsked);
      }
      if (isRunning() && now >= nextBeat) {
        nextBeat = now + interval;
        beat(now);
      }
    },
    isQuiet: () => others.every((other) => notices.isFree(other)) && beatsTo.every((other) => beats.isFree(other)),
  };

  function createSender(mpiOf: Mpi, { comm }: ThreadStart, to: readonly number[], bytes: number) {
    const requests = new Float64Array(new SharedArrayBuffer(8 * marks.length));
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const buffers = new Map(to.map((other) => [other, new Uint8Array(new SharedArrayBuffer(bytes))] as const));
    const busy = new Set<number>();
    const requestOf = (other: number) => mpiOf.addressOf(requests) + 8 * other;
    return {
      send: (other: number, tag: number, message: Uint8Array): void => {
        const buffer = buffers.get(other);
        if (!buffer) return;
        buffer.set(message);
        const code = mpiOf.beginSend(mpiOf.addressOf(buffer), message.length, byte, other, tag, comm, requestOf(other));
        if (code === 0) busy.add(other);
      },
      isFree: (other: number): boolean => {
        if (!busy.has(other)) return true;
        const code = mpiOf.test(requestOf(other), mpiOf.addressOf(flag), ignoreStatus);
        if (code !== 0 || flag[0] !== 0) busy.delete(other);
        return !busy.has(other);
      },
    };
  }
}

/** Receives all messages that have come. */
function createReceiver(mpi: Mpi, { comm }: ThreadStart) {
  const { byte, anySource, anyTag, status, ignoreStatus } = mpi.constants;
  const ints = new Int32Array(new SharedArrayBuffer(128));
  const intsAt = mpi.addressOf(ints);
  const [flagAt, countAt, statusAt] = [intsAt, intsAt + 4, intsAt + 32];
  const buffer = new Uint8Array(new SharedArrayBuffer(noticeBytes));
  return (take: (source: number, tag: number, bytes: Uint8Array) => void): void => {
    for (;;) {
      if (mpi.probe(anySource, anyTag, comm, flagAt, statusAt) !== 0 || ints[0] === 0) return;
      const [source, tag] = [ints[8 + status.source] ?? 0, ints[8 + status.tag] ?? 0];
      mpi.count(statusAt, byte, countAt);
      const count = ints[1] ?? 0;
      if (mpi.receive(mpi.addressOf(buffer), count, byte, source, tag, comm, ignoreStatus) !== 0) return;
      take(source, tag, buffer.slice(0, count));
    }
  };
}

/** What this rank does now. */
function beatOf({ words, states, calls, began }: Shared, time: number): Beat {
  let [waitsIn, since] = [-1, time];
  for (let slot = 0; slot < (words[word.slots] ?? 0); slot++) {
    const now = Atomics.load(states, slot);
    const isWaiting = now !== state.free && now !== state.done;
    if (!isWaiting || (began[slot] ?? time) >= since) continue;
    waitsIn = calls[slot] ?? 0;
    since = began[slot] ?? time;
  }
  return { begun: words[word.begun] ?? 0, waitsIn, waited: time - since };
}
