import type { Blas, Sgemm } from "../blas/sgemm.js";
import type { WasmExports, WasmMemory, WasmModule } from "../web-assembly.js";
import type { ControlWords } from "./control.js";

/** The data that all workers of a team get at their start. */
export interface TeamStart {
  readonly module: WasmModule;
  /** The memory, which must be shared. */
  readonly memory: WasmMemory;
  /** Names of the module's functions; programs refer to them by index. */
  readonly functions: readonly string[];
  /** The native BLAS, which each worker binds for itself. */
  readonly blas: Blas | undefined;
}

/** The data that a worker gets at its start. */
export interface WorkerStart extends TeamStart {
  /** Its index, from 1 on; 0 is the thread that gives the orders. */
  readonly thread: number;
  readonly threads: number;
  /** The address of the control words, and the index of each. */
  readonly address: number;
  readonly words: ControlWords;
  readonly patience: number;
}

/**
 * The work of a worker until it is terminated: it waits for an order, runs the calls of a program, and computes its share
 * of each. This function is sent to workers as text, so that it needs no file of its own; so it uses only its arguments.
 *
 * @param ready called when the worker is ready
 * @param sgemm the native BLAS, which some kernels call
 */
export async function workerMain(start: WorkerStart, ready: () => void, sgemm?: Sgemm): Promise<void> {
  interface Prepared {
    readonly run: (...args: number[]) => void;
    readonly pieces: number;
    readonly each: number;
    readonly chunk: number;
    readonly rest: readonly number[];
    readonly table: Int32Array | undefined;
  }
  const { module, memory, thread, threads, words, patience, functions } = start;
  const noSgemm = () => {
    throw new Error("there is no native BLAS");
  };
  // biome-ignore lint/suspicious/noExplicitAny: TypeScript knows WebAssembly only as part of the DOM
  const { exports } = await (globalThis as any).WebAssembly.instantiate(module, {
    env: { memory, sgemm: sgemm ?? noSgemm },
  });
  const wasm = exports as WasmExports;
  const shared = new Int32Array(memory.buffer, start.address, start.words.size);
  const programs = new Map<number, Prepared[]>();
  const word = (index: number) => Atomics.load(shared, index);

  const waitWhile = (index: number, value: number) => {
    for (let i = 0; i < patience; i++) if (word(index) !== value) return;
    Atomics.add(shared, words.asleep, 1);
    while (word(index) === value) Atomics.wait(shared, index, value);
    Atomics.sub(shared, words.asleep, 1);
  };

  const meet = () => {
    const meeting = word(words.meeting);
    if (Atomics.add(shared, words.arrived, 1) < threads - 1) return waitWhile(words.meeting, meeting);
    Atomics.store(shared, words.taken, 0);
    Atomics.store(shared, words.arrived, 0);
    Atomics.add(shared, words.meeting, 1);
    if (word(words.asleep) > 0) Atomics.notify(shared, words.meeting);
  };

  /** The calls of a program, as `encodeProgram` wrote them to the memory. */
  const decode = (address: number): Prepared[] => {
    const numbers = new Float64Array(memory.buffer);
    const at = address / 8;
    const count = numbers[at] as number;
    return Array.from({ length: count }, (_, i) => {
      let next = at + (numbers[at + 1 + i] as number);
      const take = () => numbers[next++] as number;
      const run = wasm[functions[take()] as string] as Prepared["run"];
      const [pieces, each, chunk] = [take(), take(), take()];
      const rest = Array.from({ length: take() }, take);
      const length = take();
      const table = length > 0 ? Int32Array.from({ length }, take) : undefined;
      return { run, pieces, each, chunk, rest, table };
    });
  };

  /** Computes this thread's share of a call, and then chunks of the rest, until none is left. */
  const work = ({ run, pieces, each, chunk, rest, table }: Prepared, workspace: number) => {
    const part = (from: number, to: number) => {
      if (table) new Int32Array(memory.buffer, workspace, table.length).set(table);
      run(from, Math.min(pieces, to), ...rest);
    };
    if (thread * each < pieces) part(thread * each, (thread + 1) * each);
    const common = threads * each;
    while (common < pieces) {
      const from = common + chunk * Atomics.add(shared, words.taken, 1);
      if (from >= pieces) return;
      part(from, from + chunk);
    }
  };

  const programOf = (id: number): Prepared[] => {
    const known = programs.get(id);
    if (known) return known;
    // Old programs seldom return; if one does, it is read again.
    if (programs.size >= 32) programs.delete(programs.keys().next().value as number);
    const calls = decode(word(words.program) >>> 0);
    programs.set(id, calls);
    return calls;
  };

  let order = word(words.order);
  ready();
  for (;;) {
    waitWhile(words.order, order);
    order = word(words.order);
    const workspace = (word(words.workspace) >>> 0) + thread * word(words.workspaceStride);
    (wasm.workspace as { value: number }).value = workspace;
    (wasm.common as { value: number }).value = word(words.common);
    let calls: Prepared[] = [];
    const [from, to] = [word(words.from), word(words.to)];
    for (let i = from; i < to; i++) {
      try {
        if (i === from) calls = programOf(word(words.programId));
        work(calls[i] as Prepared, workspace);
      } catch {
        // The thread that gave the order must not wait for ever. It reports the failure.
        Atomics.store(shared, words.failed, 1);
      }
      meet();
    }
  }
}
