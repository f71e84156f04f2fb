import { MokaError } from "../util/errors.js";
import type { Engine } from "./engine.js";
import { fuseBatchNorm } from "./passes/fuse-batch-norm.js";
import { fuseForward } from "./passes/fuse-forward.js";
import { fusePool } from "./passes/fuse-pool.js";
import { type FusedGroup, type PassContext, type Plan, PlanDraft } from "./passes/plan-draft.js";
import { type MemoryPlan, type PlacedSpan, planMemory } from "./passes/plan-memory.js";
import { recomputeNormalized } from "./passes/recompute.js";
import type { Step } from "./program.js";
import { Runner } from "./run.js";
import type { Span, Storage } from "./span.js";
import { usesOf } from "./uses.js";

export type Direction = "forward" | "backward";

/** What rewrites a net's programs, in this order; the last three only where blobs need not be kept. */
export const passNames = ["fuse-batch-norm", "fuse-forward", "fuse-pool", "recompute", "plan-memory"] as const;

const rewriters = {
  "fuse-batch-norm": fuseBatchNorm,
  "fuse-forward": fuseForward,
  "fuse-pool": fusePool,
  recompute: recomputeNormalized,
};

export type PassName = (typeof passNames)[number];

export interface ExecutionOptions {
  /** Those that are run; in their own order, whatever this one is. */
  readonly passes: readonly PassName[];
  /** Which blobs must end a run with the values and gradients that are theirs. */
  readonly keep: "all" | "outputs";
  /** The spans that must not share memory; all others may. Without it, all are kept. */
  readonly kept: ReadonlySet<Span> | undefined;
  /** Whether backward is hardly ever asked for. */
  readonly inference: boolean;
  /** Memory of the same size beside a span: the same for the same span, also in another execution. */
  readonly aside: (span: Span) => Span;
  /** Spans that change only where somebody asks for their arrays, unless a step writes to them. */
  readonly constants?: ReadonlySet<Span>;
  /** Whether the steps are run as they were recorded, as others have begun to; default false. */
  readonly isUnfused?: boolean;
}

/**
 * A net's programs, compiled at their first use, fused and with shared memory as long as nobody can tell.
 *
 * A run that begins or ends between layers that were fused needs what their blobs held in between: from then on all
 * runs are of the steps as they were recorded. Memory is shared on the way from the first layer forward to the last
 * and back, in one run or in several that follow on each other. A run that starts elsewhere finds what is still there
 * in memory of its own, and no memory is shared from then on.
 */
export class Execution {
  readonly #engine: Engine;
  /** The steps as the layers recorded them. */
  readonly recorded: Plan;
  readonly #kept: ReadonlySet<Span> | undefined;
  readonly #sharesMemory: boolean;
  readonly #constants: ReadonlySet<Span>;
  readonly #runners = new Map<Direction, Runner>();
  /** Memory that the passes' steps use; nobody can look at it. */
  readonly #spans = new Set<Span>();
  #groups: FusedGroup[] = [];
  /** What no step of the plan writes, though a recorded one does. */
  #skipped: Span[] = [];
  /** What is run. */
  #plan: Plan;
  #memory: MemoryPlan | undefined;
  /** What the spans of the memory plan lie in, while `#isPlaced`. */
  #arena: Storage | undefined;
  #isPlaced = false;
  /** Whether spans may lie elsewhere than where the runners look for them. */
  #hasMoved = false;
  #isUnfused: boolean;
  /** How many steps, of forward and then backward, lie behind; not a number after one that failed. */
  #position = 0;
  #isRunning = false;
  #hasRun = false;

  constructor(recorded: Plan, engine: Engine, options: ExecutionOptions) {
    const { passes, constants = new Set(), isUnfused = false } = options;
    this.#isUnfused = isUnfused;
    this.#engine = engine;
    this.recorded = recorded;
    this.#kept = options.kept;
    this.#sharesMemory = passes.includes("plan-memory");
    const draft = new PlanDraft(recorded);
    this.#constants = new Set([...constants].filter((span) => draft.writers(span).length === 0));
    const context: PassContext = { engine, ...options };
    for (const name of passNames) {
      if (name === "plan-memory" || isUnfused || !passes.includes(name)) continue;
      const { groups, spans, skipped } = rewriters[name](draft, context);
      draft.settle();
      this.#groups.push(...groups);
      for (const span of spans) this.#spans.add(span);
      this.#skipped.push(...skipped);
    }
    this.#plan = draft.plan;
    this.#memory = this.#planMemory(draft);
  }

  /** What a whole run does. */
  get plan(): Plan {
    return this.#plan;
  }

  /** Whether the steps are run as they were recorded, because a run began or ended between layers that were fused. */
  get isUnfused(): boolean {
    return this.#isUnfused;
  }

  get spans(): ReadonlySet<Span> {
    return this.#spans;
  }

  /** Which spans share memory, and where; `undefined` if none do. */
  get memory(): MemoryPlan | undefined {
    return this.#memory;
  }

  /**
   * Runs the steps of all layers from `low` to `high`, both included.
   *
   * @throws MokaError `MOKA_USAGE` if they need what has been overwritten
   */
  async run(direction: Direction, low: number, high: number): Promise<void> {
    if (this.#groups.some(({ layers: [first, last] }) => isCut(first, last, low, high))) await this.#unfuse();
    const range = this.#range(direction, low, high);
    if (!range) return;
    const [from, to] = range;
    const follows = from === this.#position;
    if (from === 0) {
      this.#skip();
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

  /** Frees all memory, and loses what the shared part of it holds. */
  release(): void {
    this.rest();
    for (const span of this.#spans) span.release();
  }

  // ---- in turns with others, of the same net for other shapes

  /** Goes on in the place of another one: what that computed in the layers before `layer` is still there. */
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

  /** Frees the shared memory and what was compiled, until it runs again. */
  rest(): void {
    this.#unshare(false);
    this.#releaseRunners();
  }

  // ---- memory

  get #steps(): readonly Step[] {
    return [...this.#plan.forward, ...(this.#plan.backward ?? [])];
  }

  #planMemory({ steps, uses }: PlanDraft): MemoryPlan | undefined {
    if (!this.#kept || !this.#sharesMemory) return undefined;
    return planMemory(steps, this.#kept, this.#spans, uses);
  }

  /** Releases what no step writes. */
  #skip(): void {
    for (const span of this.#skipped) {
      span.release();
      span.lose();
    }
  }

  /**
   * Places all spans of the memory plan in one arena, with the values of those that must be there after the first `start`
   * steps; if one of these has lost its own, none.
   */
  #share(start: number): void {
    if (this.#isPlaced || !this.#memory?.size) return;
    const { placements, size } = this.#memory;
    const isThere = ({ span, from, to, overwritten }: PlacedSpan) =>
      from < start && start <= (this.#spans.has(span) ? to : overwritten);
    if (placements.some((place) => isThere(place) && !place.span.holdsValues)) return;
    if (!this.#arena) {
      this.#releaseRunners();
      // First what they have goes back, so that the arena can take its place.
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

  /** Gives the spans of the memory plan memory of their own again, with their values where they have them and `keeps` says so. */
  #unplace(keeps: (place: PlacedSpan) => boolean): void {
    if (!this.#isPlaced) return;
    this.#isPlaced = false;
    for (const place of this.#memory?.placements ?? []) {
      const { span } = place;
      if (span.isPlaced && span.storage === this.#arena) span.unplace(keeps(place));
    }
  }

  #unshare(keep: boolean): void {
    if (!this.#arena) return;
    this.#releaseRunners();
    this.#unplace(() => keep);
    this.#arena.release();
    this.#arena = undefined;
  }

  /** Makes sure that no step reads what is lost. */
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

  /** Where the steps of these layers stand in the list of all. */
  #range(direction: Direction, low: number, high: number): readonly [from: number, to: number] | undefined {
    const { forward, backward = [] } = this.#plan;
    const steps = direction === "forward" ? forward : backward;
    const start = direction === "forward" ? 0 : forward.length;
    const isIn = ({ layer }: Step) => layer >= low && layer <= high;
    const first = steps.findIndex(isIn);
    if (first < 0) return undefined;
    return [start + first, start + steps.findLastIndex(isIn) + 1];
  }

  /** How many steps of forward are of layers before this one. */
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
    this.#memory = this.#planMemory(new PlanDraft(this.#plan));
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

/** Whether a run from `low` to `high` has some of the layers [first, last], but not all. */
function isCut(first: number, last: number, low: number, high: number): boolean {
  const overlaps = low <= last && high >= first;
  return overlaps && !(low <= first && high >= last);
}
