import { MokaError } from "../util/errors.js";
import type { Engine } from "./engine.js";
import { announceGradients, type GradientGroup } from "./passes/announce-gradients.js";
import { fuseBatchNorm } from "./passes/fuse-batch-norm.js";
import { fuseForward } from "./passes/fuse-forward.js";
import { fusePool } from "./passes/fuse-pool.js";
import { mergeRankSums } from "./passes/merge-rank-sums.js";
import { type FusedGroup, type PassContext, type Plan, PlanDraft } from "./passes/plan-draft.js";
import { type MemoryPlan, type PlacedSpan, planMemory } from "./passes/plan-memory.js";
import { recomputeNormalized } from "./passes/recompute.js";
import { skipUnread } from "./passes/skip-unread.js";
import type { Step } from "./program.js";
import { Runner } from "./run.js";
import type { Span, Storage } from "./span.js";
import { usesOf } from "./uses.js";

/** A direction of a run. */
export type Direction = "forward" | "backward";

/**
 * The passes that rewrite a net's programs, in this order. Those that leave out, move or repeat values of blobs (`skip-unread`,
 * `fuse-pool`, `recompute`, `plan-memory`) run only where blobs need not be kept.
 */
export const passNames = [
  "skip-unread",
  "fuse-batch-norm",
  "fuse-forward",
  "fuse-pool",
  "recompute",
  "merge-rank-sums",
  "plan-memory",
] as const;

const rewriters = {
  "skip-unread": skipUnread,
  "fuse-batch-norm": fuseBatchNorm,
  "fuse-forward": fuseForward,
  "fuse-pool": fusePool,
  recompute: recomputeNormalized,
  "merge-rank-sums": mergeRankSums,
};

export type PassName = (typeof passNames)[number];

export interface ExecutionOptions extends Omit<PassContext, "engine"> {
  /** The passes to run. Their order is always that of `passNames`. */
  readonly passes: readonly PassName[];
  /** Spans whose values change only through their arrays. One that a step writes is ignored. */
  readonly constants?: ReadonlySet<Span>;
  /** Who wants to know, during backward, when gradients of parameters are computed. Default: nobody. */
  readonly groups?: readonly GradientGroup[];
  /** Whether to run the steps as recorded, because the execution before this one did. Default false. */
  readonly isUnfused?: boolean;
}

/**
 * A net's programs, compiled at their first use. Steps are fused and spans share memory, as long as no result changes.
 *
 * A run that begins or ends between fused layers needs the values of the blobs between them. From then on, all runs use
 * the steps as recorded. Spans share memory as long as every run starts where the last one ended, from the first layer
 * forward to the last and back. Before a run that starts elsewhere, each span gets its own memory, with the values that
 * are not overwritten, and no memory is shared from then on.
 */
export class Execution {
  readonly #engine: Engine;
  /** The steps as the layers recorded them. */
  readonly recorded: Plan;
  readonly #kept: ReadonlySet<Span> | undefined;
  readonly #sharesMemory: boolean;
  readonly #constants: ReadonlySet<Span>;
  readonly #runners = new Map<Direction, Runner>();
  /** Memory that the steps made by passes use. It cannot be read from outside. */
  readonly spans: ReadonlySet<Span>;
  #groups: readonly FusedGroup[];
  #skipped: readonly Span[];
  /** The steps that run. */
  #plan: Plan;
  #memory: MemoryPlan | undefined;
  /** The arena with the spans of the memory plan, while `#isPlaced`. */
  #arena: Storage | undefined;
  #isPlaced = false;
  /** Whether spans may have moved since the runners were compiled. */
  #hasMoved = false;
  #isUnfused: boolean;
  /** The number of steps that have run, of forward and then backward; NaN during a run and after one that failed. */
  #position = 0;
  #isRunning = false;
  #hasRun = false;

  constructor(recorded: Plan, engine: Engine, options: ExecutionOptions) {
    const { passes, constants = new Set(), groups = [], isUnfused = false } = options;
    this.#isUnfused = isUnfused;
    this.#engine = engine;
    this.recorded = announceGradients(recorded, groups);
    this.#kept = options.kept;
    this.#sharesMemory = passes.includes("plan-memory");
    const draft = new PlanDraft(recorded);
    this.#constants = new Set([...constants].filter((span) => draft.writers(span).length === 0));
    const context: PassContext = { engine, ...options };
    for (const name of passNames) {
      if (name === "plan-memory" || isUnfused || !passes.includes(name)) continue;
      rewriters[name](draft, context);
      draft.settle();
    }
    this.spans = draft.spans;
    this.#groups = draft.groups;
    this.#skipped = draft.skipped;
    this.#plan = announceGradients(draft.plan, groups);
    this.#memory = this.#planMemory();
  }

  /** The steps of a whole run. */
  get plan(): Plan {
    return this.#plan;
  }

  /** Whether the steps run as recorded, because a run began or ended between fused layers. */
  get isUnfused(): boolean {
    return this.#isUnfused;
  }

  /** The spans that share memory, and their offsets; `undefined` if none do. */
  get memory(): MemoryPlan | undefined {
    return this.#memory;
  }

  /**
   * Runs the steps of all layers from `low` to `high`, both included.
   *
   * @throws MokaError `MOKA_USAGE` if they need values that are overwritten
   */
  async run(direction: Direction, low: number, high: number): Promise<void> {
    if (this.#groups.some(({ layers: [first, last] }) => isCut(first, last, low, high))) await this.#unfuse();
    const range = this.#range(direction, low, high);
    if (!range) return;
    const [from, to] = range;
    const follows = from === this.#position;
    if (from === 0) {
      for (const span of this.#skipped) {
        span.release();
        span.lose();
      }
      this.#share(0);
    } else if (this.#isPlaced && !follows) {
      this.#unshare(true);
      this.#memory = undefined;
    }
    const steps = this.#kept && (this.#isUnfused || !this.#isPlaced) ? this.#steps.slice(from, to) : [];
    if (!this.#isPlaced) this.#checkHolds(steps);
    const runner = this.#runner(direction);
    this.#hasRun ||= direction === "forward";
    this.#position = Number.NaN;
    this.#isRunning = true;
    try {
      await runner.run(low, high);
    } finally {
      this.#isRunning = false;
    }
    this.#position = to;
    for (const step of steps) for (const { span } of usesOf(step).writes) span.root.regain();
  }

  /** Frees all memory; the values in shared memory are lost. */
  release(): void {
    this.releaseShared();
    for (const span of this.spans) span.release();
  }

  // ---- taking turns with executions of the same net for other shapes

  /** Continues at `layer`, after another execution has run the layers before it. The values of their tops still exist. */
  takeOver(other: Execution | undefined, layer: number): void {
    this.#position = this.#startOf(layer);
    this.#hasMoved = true;
    this.#hasRun = layer > 0;
    if (!other) return;
    for (const runner of other.#runners.values()) runner.notePlaces();
    if (layer > 0) this.#share(this.#position);
    const start = other.#startOf(layer);
    other.#unplace(({ from }) => from < start);
  }

  /** Frees the shared memory and the compiled programs. The next run makes them again. */
  releaseShared(): void {
    this.#unshare(false);
    this.#releaseRunners();
  }

  // ---- memory

  get #steps(): readonly Step[] {
    return [...this.#plan.forward, ...(this.#plan.backward ?? [])];
  }

  #planMemory(): MemoryPlan | undefined {
    if (!this.#kept || !this.#sharesMemory) return undefined;
    return planMemory(this.#steps, this.#kept, this.spans);
  }

  /**
   * Places all spans of the memory plan in one arena, with the values that they must have after the first `start` steps.
   * Places none if one of these values is overwritten.
   */
  #share(start: number): void {
    if (this.#isPlaced || !this.#memory?.size) return;
    const { placements, size } = this.#memory;
    const isThere = ({ span, from, to, overwritten }: PlacedSpan) =>
      from < start && start <= (this.spans.has(span) ? to : overwritten);
    if (placements.some((place) => isThere(place) && !place.span.holdsValues)) return;
    if (!this.#arena) {
      this.#releaseRunners();
      // The spans free their own memory first, so that the arena can use it.
      for (const place of placements) if (!isThere(place)) place.span.release();
      this.#arena = this.#engine.allocate(size);
    }
    for (const place of placements) {
      const { span, offset, from, overwritten } = place;
      const holdsValues = () => this.#isRunning || (from < this.#position && this.#position <= overwritten);
      span.place({ storage: this.#arena, offset, holdsValues }, isThere(place));
    }
    this.#isPlaced = true;
    this.#hasMoved = true;
  }

  /** Gives each span of the memory plan its own memory again, with its values if `withValues` is true for it. */
  #unplace(withValues: (place: PlacedSpan) => boolean): void {
    if (!this.#isPlaced) return;
    this.#isPlaced = false;
    for (const place of this.#memory?.placements ?? []) {
      const { span } = place;
      if (span.isPlaced && span.storage === this.#arena) span.unplace(withValues(place));
    }
  }

  #unshare(withValues: boolean): void {
    if (!this.#arena) return;
    this.#releaseRunners();
    this.#unplace(() => withValues);
    this.#arena.release();
    this.#arena = undefined;
  }

  /** Throws if a step reads values that are overwritten. */
  #checkHolds(steps: readonly Step[]): void {
    const written = new Set<Span>();
    for (const step of steps) {
      const { reads, writes } = usesOf(step);
      const lost = reads.find(({ span }) => !span.holdsValues && !written.has(span.root));
      if (lost) {
        throw new MokaError(
          "MOKA_USAGE",
          `this run needs "${lost.span.name}", whose memory others have used since: run the whole net forward (and then ` +
            'backward), or load it with keep: "all" to run parts of it in any order',
        );
      }
      for (const { span } of writes) written.add(span.root);
    }
  }

  // ---- running

  /** The range of these layers' steps in the list of all steps. */
  #range(direction: Direction, low: number, high: number): readonly [from: number, to: number] | undefined {
    const { forward, backward = [] } = this.#plan;
    const steps = direction === "forward" ? forward : backward;
    const start = direction === "forward" ? 0 : forward.length;
    const isIn = ({ layer }: Step) => layer >= low && layer <= high;
    const first = steps.findIndex(isIn);
    if (first < 0) return undefined;
    return [start + first, start + steps.findLastIndex(isIn) + 1];
  }

  /** The number of forward steps of the layers before this one. */
  #startOf(layer: number): number {
    const { forward } = this.#plan;
    const start = forward.findIndex((step) => step.layer >= layer);
    return start < 0 ? forward.length : start;
  }

  async #unfuse(): Promise<void> {
    this.#unshare(true);
    if (this.#hasRun && this.recorded.backward) {
      const steps = this.#groups
        .flatMap(({ unfuse }) => unfuse)
        .filter((step) => {
          const { reads, writes } = usesOf(step);
          const isPossible = reads.every(({ span }) => span.holdsValues);
          for (const { span } of writes) isPossible ? span.root.regain() : span.root.lose();
          return isPossible;
        });
      const runner = new Runner({ steps }, this.#engine);
      await runner.run(0, Number.POSITIVE_INFINITY);
      runner.release();
    }
    this.release();
    this.#isUnfused = true;
    this.#plan = this.recorded;
    this.#groups = [];
    this.#skipped = [];
    this.#memory = this.#planMemory();
    this.#position = Number.NaN;
  }

  #runner(direction: Direction): Runner {
    for (const [each, runner] of this.#hasMoved ? this.#runners : []) {
      if (runner.isInPlace) continue;
      runner.release();
      this.#runners.delete(each);
    }
    this.#hasMoved = false;
    const known = this.#runners.get(direction);
    if (known) return known;
    const runner = new Runner({ steps: this.#plan[direction] ?? [] }, this.#engine, this.#constants);
    this.#runners.set(direction, runner);
    return runner;
  }

  #releaseRunners(): void {
    for (const runner of this.#runners.values()) runner.release();
    this.#runners.clear();
  }
}

/** Whether a run from `low` to `high` includes some of the layers [first, last], but not all. */
function isCut(first: number, last: number, low: number, high: number): boolean {
  const overlaps = low <= last && high >= first;
  return overlaps && !(low <= first && high >= last);
}
