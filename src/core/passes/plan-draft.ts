import type { Engine } from "../engine.js";
import type { KernelName, Kernels } from "../kernels.js";
import type { KernelStep, Step } from "../program.js";
import { isRankSum, type RankSumStep } from "../rank-sum.js";
import type { Span } from "../span.js";
import { usesOf } from "../uses.js";

/** The steps of a net in both directions. `backward` is `undefined` for a net that never runs backward. */
export interface Plan {
  readonly forward: readonly Step[];
  readonly backward: readonly Step[] | undefined;
}

/** Layers whose steps were fused. */
export interface FusedGroup {
  /** Indices of the first and the last of the layers whose steps changed. */
  readonly layers: readonly [number, number];
  /** Steps to run after a fused forward before backward runs as recorded: they write the spans that fusion left out. */
  readonly unfuse: readonly Step[];
}

/** The facts that a pass needs besides the steps. */
export interface PassContext {
  readonly engine: Pick<Engine, "allocate" | "has">;
  /** The blobs that must have the same values and gradients after a run as without passes. */
  readonly keep: "all" | "outputs";
  /** The spans that are also read or written from outside the steps; `undefined` means all spans. */
  readonly kept: ReadonlySet<Span> | undefined;
  /** Whether backward is rare, as in a deployed net. */
  readonly inference: boolean;
}

/**
 * A plan that passes rewrite: its steps in one list, forward and then backward, with an index of the steps that read
 * and write each span.
 *
 * Steps have fixed positions while a pass runs. A removed step leaves a gap; inserted steps are not seen before `settle`.
 */
export class PlanDraft {
  readonly groups: FusedGroup[] = [];
  /** Memory that steps made by passes use. */
  readonly spans = new Set<Span>();
  /** Spans that no step of the plan writes any more, though a recorded one does. */
  readonly skipped: Span[] = [];
  /** The position of the first step of backward. */
  middle: number;
  readonly #hasBackward: boolean;
  #steps: (Step | undefined)[];
  readonly #readers = new Index<Span>();
  readonly #writers = new Index<Span>();
  /** The steps of backward by layer. */
  readonly #backward = new Index<number>();
  readonly #inserted = new Map<number, Step[]>();

  constructor({ forward, backward }: Plan) {
    this.#hasBackward = backward !== undefined;
    this.middle = forward.length;
    this.#steps = [...forward, ...(backward ?? [])];
    for (const position of this.#steps.keys()) this.#index(position, "add");
  }

  /** The plan as the passes so far have rewritten it. Valid only between passes. */
  get plan(): Plan {
    const { middle } = this;
    const steps = this.#steps as Step[];
    return { forward: steps.slice(0, middle), backward: this.#hasBackward ? steps.slice(middle) : undefined };
  }

  at(position: number): Step | undefined {
    return this.#steps[position];
  }

  /** The step at this position, if it calls this kernel. */
  call<K extends KernelName>(position: number | undefined, kernel: K): KernelStep<K> | undefined {
    const step = position === undefined ? undefined : this.#steps[position];
    return step && isCall(step, kernel) ? step : undefined;
  }

  /** A chain of steps of one direction, from `position` on. */
  sequence(position: number): Sequence {
    return new Sequence(this, position, position < this.middle ? this.middle : this.#steps.length);
  }

  /** The positions of the steps that read a span, or a part of its memory, in order. */
  readers({ root }: Span): readonly number[] {
    return this.#readers.get(root) ?? [];
  }

  /** The positions of the steps that write to a span, or to a part of its memory, in order. */
  writers({ root }: Span): readonly number[] {
    return this.#writers.get(root) ?? [];
  }

  /** Whether these are statistics of the batches of all ranks: a step that sums over ranks writes them. */
  isSummed(span: Span | undefined): boolean {
    return span !== undefined && this.writers(span).some((at) => isRankSum(this.#steps[at] as Step));
  }

  /** The writers of a span in forward after `position`. */
  laterWriters(span: Span, position: number): readonly number[] {
    return this.writers(span).filter((at) => at > position && at < this.middle);
  }

  /** The positions of a layer's steps in backward, in order. */
  backwardOf(layer: number): readonly number[] {
    return this.#backward.get(layer) ?? [];
  }

  /** Whether a layer from `first` to `last` has a step in backward. */
  flowsBack(first: number, last: number): boolean {
    for (let layer = first; layer <= last; layer++) if (this.backwardOf(layer).length > 0) return true;
    return false;
  }

  /** Replaces the steps at `positions` by `steps`, which must not be more. */
  replace(positions: readonly number[], steps: readonly Step[]): void {
    for (const [i, position] of positions.entries()) {
      this.#index(position, "remove");
      this.#steps[position] = steps[i];
      this.#index(position, "add");
    }
  }

  /** Inserts steps before the one at `position`, after those inserted there earlier. */
  insert(position: number, steps: readonly Step[]): void {
    this.#inserted.set(position, [...(this.#inserted.get(position) ?? []), ...steps]);
  }

  /** Closes the gaps, and adds the inserted steps to the list. */
  settle(): void {
    if (this.#inserted.size === 0 && !this.#steps.includes(undefined)) return;
    const settled = this.#steps.map((step, position) => {
      const inserted = this.#inserted.get(position);
      return inserted ? [...inserted, step ?? []].flat() : (step ?? []);
    });
    this.#inserted.clear();
    for (const index of [this.#readers, this.#writers, this.#backward]) index.clear();
    this.middle = settled.slice(0, this.middle).flat().length;
    this.#steps = settled.flat();
    for (const position of this.#steps.keys()) this.#index(position, "add");
  }

  /** Adds a step's position to all lists it belongs to, or removes it. */
  #index(position: number, change: "add" | "remove"): void {
    const step = this.#steps[position];
    if (!step) return;
    const { reads, writes } = usesOf(step);
    for (const { span } of reads) this.#readers[change](span.root, position);
    for (const { span } of writes) this.#writers[change](span.root, position);
    if (position >= this.middle) this.#backward[change](step.layer, position);
  }
}

/** Sorted positions by span or by layer. */
class Index<K> extends Map<K, number[]> {
  add(key: K, position: number): void {
    const known = this.get(key);
    if (!known) this.set(key, [position]);
    else if ((known.at(-1) ?? -1) < position) known.push(position);
    else if (!known.includes(position)) known.splice(known.findLastIndex((each) => each < position) + 1, 0, position);
  }

  remove(key: K, position: number): void {
    const known = this.get(key) ?? [];
    const at = known.indexOf(position);
    if (at >= 0) known.splice(at, 1);
  }
}

/** A chain of consecutive steps. It grows step by step, as long as the next step matches. */
export class Sequence {
  /** The positions of the steps taken so far. */
  readonly positions: number[] = [];
  readonly #draft: PlanDraft;
  readonly #start: number;
  readonly #end: number;

  constructor(draft: PlanDraft, start: number, end: number) {
    this.#draft = draft;
    this.#start = start;
    this.#end = end;
  }

  /** Takes the next step, if it calls this kernel with arguments that fit. */
  take<K extends KernelName>(
    kernel: K,
    fits: (args: Kernels[K], step: KernelStep<K>) => boolean = () => true,
  ): KernelStep<K> | undefined {
    return this.#takeIf((step): step is KernelStep<K> & Step => isCall(step, kernel) && fits(step.args, step));
  }

  /** Takes the next steps, as long as they fit. */
  takeAll(fits: (step: Step) => boolean): readonly Step[] {
    const taken: Step[] = [];
    const next = () => this.#takeIf((step): step is Step => fits(step));
    for (let step = next(); step; step = next()) taken.push(step);
    return taken;
  }

  /** Takes the next step, if it sums values over all ranks. */
  takeSum(): RankSumStep | undefined {
    return this.#takeIf(isRankSum);
  }

  #takeIf<S extends Step>(fits: (step: Step) => step is S): S | undefined {
    const last = this.positions.at(-1);
    let at = last === undefined ? this.#start : last + 1;
    while (at < this.#end && !this.#draft.at(at)) at++;
    const step = at < this.#end ? this.#draft.at(at) : undefined;
    if (!step || !fits(step)) return undefined;
    this.positions.push(at);
    return step;
  }

  /** Removes all steps after the first `count` from the chain. */
  cut(count: number): void {
    this.positions.length = count;
  }
}

export function isCall<K extends KernelName>(step: Step, kernel: K): step is KernelStep<K> & Step {
  return step.kind === "kernel" && step.kernel === kernel;
}

export function renameSpan(step: KernelStep, from: Span, to: Span): KernelStep {
  const swap = (value: unknown): unknown => (value === from ? to : Array.isArray(value) ? value.map(swap) : value);
  const args = Object.fromEntries(Object.entries(step.args).map(([name, value]) => [name, swap(value)]));
  return { ...step, args: args as unknown as KernelStep["args"] };
}

export const inPlace = (args: { readonly x: Span; readonly y: Span }, span: Span) => args.x === span && args.y === span;

/** Whether a step of a normalizing layer only moves averages by the statistics of the batch. */
export function movesAverages(
  step: Step,
  {
    layer,
    args,
  }: {
    readonly layer: number;
    readonly args: Record<"x" | "y", Span> & { readonly [name in "mean" | "variance"]?: Span | undefined };
  },
): boolean {
  const { reads, writes } = usesOf(step);
  const values = new Set([args.x.root, args.y.root]);
  const statistics = new Set([args.mean?.root, args.variance?.root]);
  return (
    step.layer === layer &&
    reads.some(({ span }) => statistics.has(span.root)) &&
    ![...reads, ...writes].some(({ span }) => values.has(span.root)) &&
    !writes.some(({ span }) => statistics.has(span.root))
  );
}
