import { cores, spawn } from "#threads";
import { type Call, grainOf } from "../call.js";
import { type Heap, HeapStorage } from "../heap.js";
import { control, patience } from "./control.js";
import { type Shares, sharesOf } from "./shares.js";
import type { Spawned } from "./spawn-node.js";
import type { TeamStart } from "./worker.js";

/** A program in the shared memory, which all threads can read. */
interface SharedProgram {
  readonly id: number;
  readonly storage: HeapStorage;
  readonly shares: readonly Shares[];
}

/** Computes the pieces [from, to) of call i. */
type Own = (i: number, from: number, to: number) => void;

/** The addresses of the memory that threads work with. Their workspaces are `stride` bytes apart. */
export interface ThreadMemory {
  readonly workspace: number;
  readonly stride: number;
  readonly common: number;
}

/** The number of cores that this machine lets a program use. */
export const coreCount = cores;

/**
 * The threads besides the one that gives the orders. All have the same module and memory, and run the same list of calls.
 * Each computes its share of every call's pieces, and waits for the others after each call. No messages, no copies.
 */
export class Team {
  readonly threads: number;
  readonly #heap: Heap;
  readonly #storage: HeapStorage;
  readonly #words: Int32Array;
  readonly #canSleep: boolean;
  readonly #functions: readonly string[];
  #workers: readonly Spawned[] = [];
  #programs = 0;

  private constructor(threads: number, heap: Heap, functions: readonly string[]) {
    this.threads = threads;
    this.#heap = heap;
    this.#storage = new HeapStorage(heap, control.size);
    this.#words = new Int32Array(heap.buffer, this.#storage.address, control.size);
    this.#canSleep = canSleep(this.#words);
    this.#functions = functions;
  }

  static async start(threads: number, heap: Heap, start: TeamStart): Promise<Team> {
    const team = new Team(threads, heap, start.functions);
    const { address } = team.#storage;
    team.#workers = await Promise.all(
      Array.from({ length: threads - 1 }, (_, i) =>
        spawn({ ...start, thread: i + 1, threads, address, words: control, patience }),
      ),
    );
    return team;
  }

  /** Writes a list of calls to the shared memory: an index of its records, then the records, as numbers of 64 bits. */
  share(calls: readonly Call[]): SharedProgram {
    const shares: Shares[] = [];
    const records = calls.map(({ name, pieces, grain = grainOf(1), numbers, table = [] }) => {
      const share = sharesOf(pieces, grain, this.threads);
      shares.push(share);
      const index = this.#functions.indexOf(name);
      return [index, pieces, share.each, share.chunk, numbers.length, ...numbers, table.length, ...table];
    });
    const starts: number[] = [];
    let length = 1 + calls.length;
    for (const record of records) {
      starts.push(length);
      length += record.length;
    }
    const storage = new HeapStorage(this.#heap, 2 * length);
    const numbers = new Float64Array(this.#heap.buffer, storage.address, length);
    numbers.set([calls.length, ...starts]);
    records.forEach((record, i) => void numbers.set(record, starts[i]));
    return { id: ++this.#programs, storage, shares };
  }

  /**
   * Runs the calls [from, to) of a program on all threads; `own` computes pieces of a call on the caller's thread.
   *
   * @throws the errors of `own`; Error if a worker failed, which is a mistake in a kernel
   */
  run(program: SharedProgram, from: number, to: number, memory: ThreadMemory, own: Own): void {
    if (from >= to) return;
    const words = this.#words;
    words[control.program] = program.storage.address;
    words[control.programId] = program.id;
    words[control.from] = from;
    words[control.to] = to;
    words[control.workspace] = memory.workspace;
    words[control.workspaceStride] = memory.stride;
    words[control.common] = memory.common;
    Atomics.add(words, control.order, 1);
    if (Atomics.load(words, control.asleep) > 0) Atomics.notify(words, control.order);
    let failure: unknown;
    for (let i = from; i < to; i++) {
      try {
        if (failure === undefined) this.#work(program.shares[i] as Shares, i, own);
      } catch (error) {
        failure = error;
      }
      this.#meet();
    }
    if (failure !== undefined) throw failure;
    if (Atomics.exchange(words, control.failed, 0) !== 0) throw new Error("a thread failed in the middle of a kernel");
  }

  /** Computes this thread's share, and then chunks of the rest, until none is left. */
  #work({ pieces, each, chunk }: Shares, i: number, own: Own): void {
    if (each > 0) own(i, 0, Math.min(pieces, each));
    const shared = this.threads * each;
    while (shared < pieces) {
      const from = shared + chunk * Atomics.add(this.#words, control.taken, 1);
      if (from >= pieces) return;
      own(i, from, Math.min(pieces, from + chunk));
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    this.#workers = [];
  }

  #meet(): void {
    const words = this.#words;
    const meeting = Atomics.load(words, control.meeting);
    if (Atomics.add(words, control.arrived, 1) === this.threads - 1) {
      Atomics.store(words, control.taken, 0);
      Atomics.store(words, control.arrived, 0);
      Atomics.add(words, control.meeting, 1);
      if (Atomics.load(words, control.asleep) > 0) Atomics.notify(words, control.meeting);
      return;
    }
    for (let i = 0; i < patience; i++) if (Atomics.load(words, control.meeting) !== meeting) return;
    if (this.#canSleep) Atomics.add(words, control.asleep, 1);
    while (Atomics.load(words, control.meeting) === meeting) {
      if (this.#canSleep) Atomics.wait(words, control.meeting, meeting);
    }
    if (this.#canSleep) Atomics.sub(words, control.asleep, 1);
  }
}

/** A page's own thread may not sleep. */
function canSleep(words: Int32Array): boolean {
  try {
    Atomics.wait(words, control.order, -1, 0);
    return true;
  } catch {
    return false;
  }
}
