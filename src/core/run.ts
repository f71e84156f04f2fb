import { turnIfDue } from "../util/event-loop.js";
import { type Turns, turnsOf } from "../util/turns.js";
import type { Compiled, Engine } from "./engine.js";
import type { Program } from "./program.js";
import type { Span, Storage } from "./span.js";
import { usesOf } from "./uses.js";

/** The most time, in milliseconds, that kernels take which run together. Between such groups, events are handled. */
const longestPiece = 10;

/** Each kernel is timed this often, by itself: its first runs are slower than later ones, so the shortest time counts. */
const trials = 3;

/** A program ready to run on an engine, whole or between two layers. */
export class Runner {
  readonly #program: Program;
  readonly #turns: Turns;
  readonly #compiled: Compiled;
  /** The time that each kernel takes, in milliseconds: the shortest of its trials. */
  readonly #times: number[];
  /** The trials that are left to each kernel. */
  readonly #trials: number[];
  /** The storage of each of the kernels' spans, after `notePlaces`. */
  #places: ReadonlyMap<Span, Storage> | undefined;

  constructor(program: Program, engine: Engine, constants?: ReadonlySet<Span>) {
    this.#program = program;
    this.#turns = turnsOf(engine);
    const calls = program.steps.filter((step) => step.kind === "kernel");
    this.#compiled = engine.compile(calls, constants);
    this.#times = calls.map(() => Number.POSITIVE_INFINITY);
    this.#trials = calls.map(() => trials);
  }

  /** Runs the steps of all layers from `low` to `high`, both included, in the program's order. Events are handled between them. */
  async run(low: number, high: number): Promise<void> {
    // Indices of compiled kernels: [from, to) are not yet dispatched and will run together; `next` is the next one.
    let [from, to, next] = [0, 0, 0];
    for (const step of this.#program.steps) {
      const isIncluded = step.layer >= low && step.layer <= high;
      if (step.kind === "kernel") {
        if (isIncluded && from === to) from = next;
        next++;
        if (isIncluded) to = next;
      } else if (isIncluded) {
        const turn = this.#dispatch(from, to);
        if (turn) await turn;
        from = to;
        const waiting = this.#turns.inside(step.run);
        if (waiting) await waiting;
      }
    }
    return this.#dispatch(from, to);
  }

  /** Runs the kernels [from, to). Returns a promise only if events are handled. */
  #dispatch(from: number, to: number): Promise<void> | undefined {
    const times = this.#times;
    while (from < to) {
      const first = from++;
      let work = times[first] ?? 0;
      if (this.#trials[first]) this.#try(first);
      else {
        while (from < to && work + (times[from] ?? 0) <= longestPiece) work += times[from++] ?? 0;
        this.#compiled.run(first, from);
      }
      const turn = turnIfDue(work);
      if (turn) return turn.then(() => this.#dispatch(from, to));
    }
    return undefined;
  }

  /** Runs one kernel, and times it. */
  #try(kernel: number): void {
    const start = performance.now();
    this.#compiled.run(kernel, kernel + 1);
    this.#times[kernel] = Math.min(this.#times[kernel] ?? 0, performance.now() - start);
    this.#trials[kernel] = (this.#trials[kernel] ?? 0) - 1;
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
