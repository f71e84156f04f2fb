import type { Compiled, Engine } from "./engine.js";
import type { Program } from "./program.js";
import type { Span, Storage } from "./span.js";
import { usesOf } from "./uses.js";

/** A program ready to run on an engine, whole or between two layers. */
export class Runner {
  readonly #program: Program;
  readonly #compiled: Compiled;
  /** The storage of each of the kernels' spans, after `notePlaces`. */
  #places: ReadonlyMap<Span, Storage> | undefined;

  constructor(program: Program, engine: Engine, constants?: ReadonlySet<Span>) {
    this.#program = program;
    this.#compiled = engine.compile(
      program.steps.filter((step) => step.kind === "kernel"),
      constants,
    );
  }

  /** Runs the steps of all layers from `low` to `high`, both included, in the program's order. */
  async run(low: number, high: number): Promise<void> {
    // Indices of compiled kernels: [from, to) are not yet dispatched and will run together; `next` is the next one.
    let [from, to, next] = [0, 0, 0];
    const dispatch = () => {
      if (from < to) this.#compiled.run(from, to);
      from = to;
    };
    for (const step of this.#program.steps) {
      const isIncluded = step.layer >= low && step.layer <= high;
      if (step.kind === "kernel") {
        if (isIncluded && from === to) from = next;
        next++;
        if (isIncluded) to = next;
      } else if (isIncluded) {
        dispatch();
        const waiting = step.run();
        if (waiting) await waiting;
      }
    }
    dispatch();
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
