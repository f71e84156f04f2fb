import { loadSgemm } from "#blas";
import type { Compiled, Engine } from "../../core/engine.js";
import type { KernelName, Kernels } from "../../core/kernels.js";
import type { KernelStep } from "../../core/program.js";
import type { Span, Storage } from "../../core/span.js";
import { check } from "../../util/errors.js";
import * as activation from "./activation.js";
import { alignment } from "./allocator.js";
import * as batchNorm from "./batch-norm.js";
import * as batchNormFused from "./batch-norm-fused.js";
import { elementwiseBindings } from "./bind-elementwise.js";
import * as withBlas from "./blas/kernels.js";
import type { Blas } from "./blas/sgemm.js";
import type { Bind, Bindings, Call, Locate, Reserve } from "./call.js";
import * as conv from "./conv.js";
import * as elementwise from "./elementwise.js";
import * as gemm from "./gemm.js";
import { createMemory, Heap, HeapStorage } from "./heap.js";
import * as lrn from "./lrn.js";
import * as lstm from "./lstm.js";
import { hasRelaxedSimd, loadModule } from "./module.js";
import { Panels } from "./panels.js";
import * as pool from "./pool.js";
import { type Preparation, PreparedCache } from "./prepared-cache.js";
import * as regions from "./regions.js";
import * as resampling from "./resampling.js";
import * as rows from "./rows.js";
import * as scale from "./scale.js";
import * as sigmoidLoss from "./sigmoid-loss.js";
import * as softmax from "./softmax.js";
import { Team, type ThreadMemory } from "./threads/team.js";
import { type WasmExports, type WasmGlobal, WebAssembly } from "./web-assembly.js";

const bindings: Bindings = {
  ...elementwiseBindings,
  ...elementwise,
  ...rows,
  ...gemm,
  ...conv,
  ...pool,
  ...regions,
  ...resampling,
  ...batchNorm,
  ...batchNormFused,
  ...lrn,
  ...scale,
  ...activation,
  ...lstm,
  ...softmax,
  ...sigmoidLoss,
};

/** The kernels without and with a native BLAS, where some have another form. */
const blasBindings: Bindings = { ...bindings, ...withBlas };

export interface WasmOptions {
  /** The number of threads, including the caller's. Default 1; always 1 if memory cannot be shared. */
  readonly threads?: number | undefined;
  /** Whether the memory can be shared with threads. Default: true if the platform has shared memory. */
  readonly shared?: boolean | undefined;
  /** The greatest size of the memory in bytes. Default and maximum: 4 GiB less 64 KiB. */
  readonly maximumBytes?: number | undefined;
  /** Whether to multiply and add in one instruction. Default: true if WebAssembly has relaxed SIMD. */
  readonly relaxed?: boolean | undefined;
  /** A native BLAS for products and convolutions, on the same memory. */
  readonly blas?: Blas | undefined;
}

/**
 * WebAssembly with SIMD: the kernels of assembly/ over one memory, which holds every span. With a native BLAS, some kernels
 * compute their matrix products by it.
 *
 * The memory may grow to 4 GiB. TypeScript allocates it; kernels get addresses.
 */
export class WasmEngine implements Engine {
  readonly name: "wasm" | "blas";
  readonly #relaxed: boolean;
  readonly #blas: Blas | undefined;
  readonly #heap: Heap;
  readonly #exports: WasmExports;
  readonly #panels: Panels;
  #team: Team | undefined;
  /** The workspace of kernels while they run, with one part for each thread. */
  #workspace: HeapStorage;
  #workspaceStride = 0;
  /** Memory that one call writes for the next, on any thread. */
  #common: HeapStorage;

  private constructor(heap: Heap, exports: WasmExports, relaxed: boolean, blas: Blas | undefined) {
    this.name = blas ? "blas" : "wasm";
    this.#relaxed = relaxed;
    this.#blas = blas;
    this.#heap = heap;
    this.#exports = exports;
    this.#panels = new Panels(globalOf(exports, "tall").value);
    this.#workspace = new HeapStorage(heap, 0);
    this.#common = new HeapStorage(heap, 0);
  }

  /** @throws MokaError `MOKA_UNSUPPORTED` if there is no WebAssembly with SIMD */
  static async create(options: WasmOptions = {}): Promise<WasmEngine> {
    const shared = options.shared ?? typeof SharedArrayBuffer !== "undefined";
    const { threads = 1, relaxed = hasRelaxedSimd(), blas } = options;
    const module = await loadModule(shared, relaxed);
    const { memory, limit } = createMemory(shared, options.maximumBytes);
    const sgemm = blas ? loadSgemm(blas, memory.buffer) : noSgemm;
    const { exports } = await WebAssembly.instantiate(module, { env: { memory, sgemm } });
    const heap = new Heap(memory, globalOf(exports, "heapStart").value, limit);
    const engine = new WasmEngine(heap, exports, relaxed, blas);
    if (shared && threads > 1) {
      const functions = Object.keys(exports).filter((name) => typeof exports[name] === "function");
      engine.#team = await Team.start(threads, heap, { module, memory, functions, blas });
    }
    return engine;
  }

  get threads(): number {
    return this.#team?.threads ?? 1;
  }

  get description(): string {
    const blas = this.#blas ? ` + ${this.#blas.name}` : "";
    return `WebAssembly ${this.#relaxed ? "relaxed " : ""}SIMD${blas}, ${this.threads} ${this.threads === 1 ? "thread" : "threads"}`;
  }

  get bytesUsed(): number {
    return this.#heap.used;
  }

  /** The size of the largest span that could be allocated, in bytes. */
  get bytesFree(): number {
    return this.#heap.largest;
  }

  has(kernel: KernelName): boolean {
    return kernel in bindings;
  }

  allocate(count: number): Storage {
    return new HeapStorage(this.#heap, count);
  }

  compile(steps: readonly KernelStep[], constants: ReadonlySet<Span> = new Set()): Compiled {
    const cache = new PreparedCache(this.#heap, constants);
    const bound = steps.map((step) => [this.#bind(step, cache.allocate)].flat());
    // The index of the first call of each step. The calls of one step run together.
    const starts = [0];
    const preparations: Preparation[] = [];
    const calls: Call[] = [];
    for (const [step, all] of bound.entries()) {
      for (const call of all) {
        if (call.prepares) preparations.push({ step, call, constant: call.prepares, revision: undefined });
        else calls.push(call);
      }
      starts.push(calls.length);
    }
    const prepared = this.#schedule(preparations.map(({ call }) => call));
    const scheduled = this.#schedule(calls);
    return {
      run: (from, to) => {
        preparations.forEach((preparation, i) => {
          const { step, constant, revision } = preparation;
          if (step < from || step >= to) return;
          if (revision !== undefined && revision === constant.revision) return;
          prepared.run(i, i + 1);
          preparation.revision = constant.revision;
        });
        scheduled.run(starts[from] ?? 0, starts[to] ?? 0);
      },
      release: () => {
        prepared.release();
        scheduled.release();
        cache.release();
      },
    };
  }

  /** Makes calls ready to run, on all threads. */
  #schedule(calls: readonly Call[]): Compiled {
    this.#reserve(calls);
    const runs = calls.map((call) => this.#prepare(call));
    const team = this.#team;
    if (!team) {
      const run = (from: number, to: number) => {
        for (let i = from; i < to; i++) runs[i]?.(0, calls[i]?.pieces ?? 0);
      };
      return { run, release() {} };
    }
    const program = team.share(calls);
    const own = (i: number, first: number, last: number) => runs[i]?.(first, last);
    return {
      run: (from, to) => team.run(program, from, to, this.#memory, own),
      release: () => program.storage.release(),
    };
  }

  async dispose(): Promise<void> {
    await this.#team?.stop();
    this.#team = undefined;
    this.#heap.dispose();
  }

  #bind<K extends KernelName>({ kernel, args }: KernelStep<K>, reserve: Reserve): Call | readonly Call[] {
    const locate: Locate = (span, count) => (span ? this.#locate(span, count, kernel) : 0);
    const bind = (this.#blas ? blasBindings : bindings)[kernel] as Bind<K>;
    return bind(args as Kernels[K], locate, reserve, this.#panels);
  }

  #locate(span: Span, count: number, kernel: KernelName): number {
    check(
      span.count >= count,
      "MOKA_SHAPE",
      `${kernel}: "${span.name}" has ${span.count} values, but ${count} are needed`,
    );
    const { storage } = span;
    check(
      storage instanceof HeapStorage && storage.heap === this.#heap,
      "MOKA_USAGE",
      `${kernel}: "${span.name}" is not in this engine's memory`,
    );
    return storage.address + 4 * span.offset;
  }

  /** A function that computes pieces of a call on this thread. */
  #prepare({ name, pieces, numbers, table }: Call): (from: number, to: number) => void {
    const run = this.#exports[name];
    check(typeof run === "function", "MOKA_UNSUPPORTED", `the compiled kernels have no "${name}"`);
    if (pieces === 0) return () => {};
    if (!table) return (from, to) => run(from, to, ...numbers);
    return (from, to) => {
      new Int32Array(this.#heap.buffer, this.#workspace.address, table.length).set(table);
      run(from, to, ...numbers);
    };
  }

  /** The bytes of workspace that a call needs. */
  #scratchOf({ table, scratch, scratchTimes = 1, scratchBytes = 0 }: Call): number {
    const tableBytes = Math.ceil((table?.byteLength ?? 0) / alignment) * alignment;
    return tableBytes + scratchBytes + (scratch ? scratchTimes * globalOf(this.#exports, scratch).value : 0);
  }

  /** Makes each thread's workspace, and the memory that all threads share, large enough for these calls. */
  #reserve(calls: readonly Call[]): void {
    const largest = (bytesOf: (call: Call) => number) =>
      calls.reduce((bytes, call) => Math.max(bytes, bytesOf(call)), 0);
    const stride = Math.ceil(largest((call) => this.#scratchOf(call)) / alignment) * alignment;
    if (stride > this.#workspaceStride) {
      this.#workspaceStride = stride;
      this.#workspace = this.#replace(this.#workspace, stride * this.threads, "workspace");
    }
    const common = largest(({ commonBytes = 0 }) => commonBytes);
    if (common > this.#common.bytes) this.#common = this.#replace(this.#common, common, "common");
  }

  /** Replaces a piece of memory, and sets the module's global that holds its address. */
  #replace(old: HeapStorage, bytes: number, name: string): HeapStorage {
    old.release();
    const storage = new HeapStorage(this.#heap, Math.ceil(bytes / 4));
    globalOf(this.#exports, name).value = storage.address;
    return storage;
  }

  /** The addresses of the memory that threads work with. */
  get #memory(): ThreadMemory {
    return { workspace: this.#workspace.address, stride: this.#workspaceStride, common: this.#common.address };
  }
}

function globalOf(exports: WasmExports, name: string): WasmGlobal {
  const value = exports[name];
  check(typeof value === "object" && "value" in value, "MOKA_UNSUPPORTED", `the compiled kernels have no "${name}"`);
  return value;
}

/** The module's import if there is no native BLAS. No kernel that calls it is used then. */
function noSgemm(): never {
  throw new Error("there is no native BLAS");
}

/** The kernels of this engine. A test checks that they are all kernels. */
export const wasmKernels = Object.keys(bindings) as KernelName[];

/** The kernels that have a different form with a native BLAS. */
export const blasKernels = Object.keys(withBlas) as readonly (keyof typeof withBlas)[];

export type { Blas } from "./blas/sgemm.js";
export { coreCount } from "./threads/team.js";
