import type { Compiled, Engine } from "./engine.js";
import type { Program } from "./program.js";
import type { Span, Storage } from "./span.js";
import { usesOf } from "./uses.js";

/** A program ready to run on an engine, whole or between two layers. */
export class Runner {
  readonly #program: Program;
  readonly #compiled: Compiled;
  /** Where the kernels' spans lie, once noted. */
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
    // Of the compiled kernels: those that wait to be dispatched together, [from, to), and the next.
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

  /** Notes where its spans lie, before others may have their memory. */
  notePlaces(): void {
    if (this.#places) return;
    const kernels = this.#program.steps.filter(({ kind }) => kind === "kernel");
    const uses = kernels.map(usesOf).flatMap(({ reads, writes }) => [...reads, ...writes]);
    const roots = new Set(uses.map(({ span }) => span.root));
    this.#places = new Map([...roots].map((span) => [span, span.storage]));
  }

  /** Whether its spans lie where they did when that was noted; false if it never was. */
  get isInPlace(): boolean {
    return this.#places !== undefined && [...this.#places].every(([span, storage]) => span.storage === storage);
  }

  release(): void {
    this.#compiled.release();
  }
}
