import type { Engine } from "./engine.js";
import { type FusedGroup, fuseBatchNorm, type Plan } from "./passes/fuse-batch-norm.js";
import { Runner } from "./run.js";
import type { Span } from "./span.js";

export type Direction = "forward" | "backward";

export interface ExecutionOptions {
  /** Whether steps may be made one where the results are the same. */
  readonly fuse: boolean;
  /** Which blobs must end a run with the values and gradients that are theirs. */
  readonly keep: "all" | "outputs";
}

/**
 * A net's programs, compiled at their first use, and fused as long as nobody can tell.
 *
 * A run that begins or ends between layers that were fused needs what their blobs held in between: from then on all
 * runs are of the steps as they were recorded.
 */
export class Execution {
  readonly #engine: Engine;
  readonly #recorded: Plan;
  readonly #runners = new Map<Direction, Runner>();
  readonly #spans: readonly Span[];
  #groups: readonly FusedGroup[];
  /** What is run. */
  #plan: Plan;
  #hasRun = false;

  constructor(recorded: Plan, engine: Engine, { fuse, keep }: ExecutionOptions) {
    this.#engine = engine;
    this.#recorded = recorded;
    const fused = fuse
      ? fuseBatchNorm(recorded, engine, { keepDiffs: keep === "all" })
      : { ...recorded, groups: [], spans: [] };
    this.#plan = fused;
    this.#groups = fused.groups;
    this.#spans = fused.spans;
  }

  /** What a whole run does. */
  get plan(): Plan {
    return this.#plan;
  }

  /** Runs the steps of all layers from `low` to `high`, both included. */
  async run(direction: Direction, low: number, high: number): Promise<void> {
    if (this.#groups.some(({ layers: [first, last] }) => isCut(first, last, low, high))) await this.#unfuse();
    this.#hasRun ||= direction === "forward";
    await this.#runner(direction).run(low, high);
  }

  release(): void {
    for (const runner of this.#runners.values()) runner.release();
    this.#runners.clear();
    for (const span of this.#spans) span.release();
  }

  async #unfuse(): Promise<void> {
    if (this.#hasRun && this.#recorded.backward) {
      const runner = new Runner({ steps: this.#groups.flatMap(({ unfuse }) => unfuse) }, this.#engine);
      await runner.run(0, Number.POSITIVE_INFINITY);
      runner.release();
    }
    this.release();
    this.#plan = this.#recorded;
    this.#groups = [];
  }

  #runner(direction: Direction): Runner {
    const runner = this.#runners.get(direction) ?? new Runner({ steps: this.#plan[direction] ?? [] }, this.#engine);
    this.#runners.set(direction, runner);
    return runner;
  }
}

/** Whether a run from `low` to `high` has some of the layers [first, last], but not all. */
function isCut(first: number, last: number, low: number, high: number): boolean {
  const overlaps = low <= last && high >= first;
  return overlaps && !(low <= first && high >= last);
}
