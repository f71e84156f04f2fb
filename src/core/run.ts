import { turnIfDue } from "../util/event-loop.js";
import { turnsOf } from "../util/turns.js";
import type { Compiled, Engine } from "./engine.js";
import type { Program } from "./program.js";
import type { Span, Storage } from "./span.js";
import { usesOf } from "./uses.js";

/** Kernels that take more than this, in milliseconds, do not run together: between them, events are handled. */
const longestPiece = 10;

/** A program ready to run on an engine, whole or between two layers. */
export class Runner {
  readonly #program: Program;
  readonly #engine: Engine;
  readonly #compiled: Compiled;
  /** The time that each kernel took when it ran first, by itself, in milliseconds. */
  readonly #times: number[];
  /** The storage of each of the kernels' spans, after `notePlaces`. */
  #places: ReadonlyMap<Span, Storage> | undefined;

  constructor(program: Program, engine: Engine, constants?: ReadonlySet<Span>) {
    this.#program = program;
    this.#engine = engine;
    const calls = program.steps.filter((step) => step.kind === "kernel");
    this.#compiled = engine.compile(calls, constants);
    this.#times = calls.map(() => Number.POSITIVE_INFINITY);
  }

  /** Runs the steps of all layers from `low` to `high`, both included, in the program's order. Events are handled between. */
  async run(low: number, high: number): Promise<void> {
    // Indices of compiled kernels: [from, to) are not yet dispatched and will run together; `next` is the next one.
    let [from, to, next] = [0, 0, 0];
    const dispatch = async () => {
      while (from < to) {
        from = this.#runPiece(from, to);
        const turn = turnIfDue();
        if (turn) await turn;
      }
      from = to;
    };
    for (const step of this.#program.steps) {
      const isIncluded = step.layer >= low && step.layer <= high;
      if (step.kind === "kernel") {
        if (isIncluded && from === to) from = next;
        next++;
        if (isIncluded) to = next;
      } else if (isIncluded) {
        if (from < to) await dispatch();
        const waiting = turnsOf(this.#engine).inside(() => step.run());
        if (waiting) await waiting;
      }
    }
    if (from < to) await dispatch();
  }

  /** Runs some of the kernels [from, to), and returns the index of the next one. */
  #runPiece(from: number, to: number): number {
    const times = this.#times;
    let end = from + 1;
    for (let time = times[from] ?? 0; end < to; end++) {
      time += times[end] ?? 0;
      if (time > longestPiece) break;
    }
    const start = performance.now();
    this.#compiled.run(from, end);
    if (times[from] === Number.POSITIVE_INFINITY) times[from] = performance.now() - start;
    return end;
  }

  /** Notes the storage of its spans, before other spans may use their memory. */
  notePlaces(): void {
    if (this.#places) return;
    const kernels = this.#program.steps.filter(({ kind }) => kind === "kernel");
    const uses = kernels.map(usesOf).flatMap(({ reads, writes }) => [...reads, ...writes]);
    const roots = new Set(uses.map(({ span }) => span.root));
    this.#places = new Map([...roots].map((span) => [span, span.storage]));
  }

  /** Whether its spans still have the storage that was noted; false if none was noted. */
  get isInPlace(): boolean {
    return this.#places !== undefined && [...this.#places].every(([span, storage]) => span.storage === storage);
  }

  release(): void {
    this.#compiled.release();
  }
}
