import type { Engine } from "../engine.js";
import type { KernelName } from "../kernels.js";
import type { KernelStep, Step } from "../program.js";
import type { Span } from "../span.js";
import { type Uses, usesOf } from "../uses.js";

/** Both directions of a net. Without backward, nothing is kept for it. */
export interface Plan {
  readonly forward: readonly Step[];
  readonly backward: readonly Step[] | undefined;
}

/** Layers whose steps became one. */
export interface FusedGroup {
  /** Indices of the first and the last of the layers whose steps changed. */
  readonly layers: readonly [number, number];
  /** Steps that, after a fused forward, make up for what the steps as they were would have left for backward. */
  readonly unfuse: readonly Step[];
}

/** What a pass must know besides the steps. */
export interface PassContext {
  readonly engine: Pick<Engine, "allocate" | "has">;
  /** Which blobs must end a run with the values and gradients that are theirs. */
  readonly keep: "all" | "outputs";
  /** The spans that others than the steps read or write; `undefined` if that may be any. */
  readonly kept: ReadonlySet<Span> | undefined;
  /** Whether backward is hardly ever asked for. */
  readonly inference: boolean;
  /** Memory of the same size beside a span: the same for the same span, also in another plan. */
  readonly aside: (span: Span) => Span;
}

/** What a pass made, besides the steps. */
export interface Rewritten {
  readonly groups: readonly FusedGroup[];
  /** Memory that the new steps use. */
  readonly spans: readonly Span[];
  /** Spans that no step writes any more. */
  readonly skipped: readonly Span[];
}

export const unchanged: Rewritten = { groups: [], spans: [], skipped: [] };

/**
 * A plan that passes rewrite: its steps in one list, forward and then backward, with an index of the steps that read
 * and write each span.
 *
 * A step keeps its position while a pass runs. A removed step leaves a gap; inserted steps are not seen before `settle`.
 */
export class PlanDraft {
  /** The position of the first step of backward. */
  middle = 0;
  readonly #hasBackward: boolean;
  #steps: (Step | undefined)[] = [];
  #uses: (Uses | undefined)[] = [];
  readonly #readers = new Map<Span, number[]>();
  readonly #writers = new Map<Span, number[]>();
  /** The positions of each layer's steps of backward. */
  readonly #backward = new Map<number, number[]>();
  readonly #inserted = new Map<number, Step[]>();
  #hasGaps = false;

  constructor({ forward, backward }: Plan) {
    this.#hasBackward = backward !== undefined;
    this.middle = forward.length;
    this.#fill([...forward, ...(backward ?? [])], []);
  }

  /** All steps; only between passes. */
  get steps(): readonly Step[] {
    return this.#steps as Step[];
  }

  /** What each of the steps reads and writes; only between passes. */
  get uses(): readonly Uses[] {
    return this.#uses as Uses[];
  }

  get plan(): Plan {
    const { steps, middle } = this;
    return { forward: steps.slice(0, middle), backward: this.#hasBackward ? steps.slice(middle) : undefined };
  }

  at(position: number): Step | undefined {
    return this.#steps[position];
  }

  usesAt(position: number): Uses | undefined {
    return this.#uses[position];
  }

  /** The step at this position, if it calls this kernel. */
  call<K extends KernelName>(position: number | undefined, kernel: K): KernelStep<K> | undefined {
    const step = position === undefined ? undefined : this.#steps[position];
    return step && isCall(step, kernel) ? step : undefined;
  }

  /** The positions of up to `most` steps of one direction that follow on each other, the first of them at `position`. */
  follow(position: number, most: number): readonly number[] {
    const end = position < this.middle ? this.middle : this.#steps.length;
    const found: number[] = [];
    for (let at = position; at < end && found.length < most; at++) if (this.#steps[at]) found.push(at);
    return found;
  }

  /** The positions of the steps that read a span, or a part of its memory, in order. */
  readers({ root }: Span): readonly number[] {
    return this.#readers.get(root) ?? [];
  }

  /** Likewise of those that write to it. */
  writers({ root }: Span): readonly number[] {
    return this.#writers.get(root) ?? [];
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

  /** Puts `steps` in the place of those at `positions`, which are no fewer. */
  replace(positions: readonly number[], steps: readonly Step[]): void {
    for (const [i, position] of positions.entries()) {
      this.#index(position, remove);
      const step = steps[i];
      this.#steps[position] = step;
      this.#uses[position] = step && usesOf(step);
      if (step) this.#index(position, add);
      else this.#hasGaps = true;
    }
  }

  /** Puts steps before the one at `position`, behind those already put there. */
  insert(position: number, steps: readonly Step[]): void {
    this.#inserted.set(position, [...(this.#inserted.get(position) ?? []), ...steps]);
  }

  /** Closes the gaps and takes in what was inserted. */
  settle(): void {
    if (!this.#hasGaps && this.#inserted.size === 0) return;
    const steps: Step[] = [];
    const uses: (Uses | undefined)[] = [];
    let middle = 0;
    for (const [position, step] of this.#steps.entries()) {
      if (position === this.middle) middle = steps.length;
      for (const inserted of this.#inserted.get(position) ?? []) steps.push(inserted);
      if (!step) continue;
      uses[steps.length] = this.#uses[position];
      steps.push(step);
    }
    this.middle = this.middle === this.#steps.length ? steps.length : middle;
    this.#inserted.clear();
    this.#hasGaps = false;
    this.#fill(steps, uses);
  }

  #fill(steps: Step[], uses: (Uses | undefined)[]): void {
    for (const index of [this.#readers, this.#writers, this.#backward]) index.clear();
    this.#steps = steps;
    this.#uses = steps.map((step, position) => uses[position] ?? usesOf(step));
    for (const position of steps.keys()) this.#index(position, add);
  }

  /** Adds a step's position to all lists it belongs to, or removes it. */
  #index(position: number, change: typeof add): void {
    const { reads, writes } = this.#uses[position] ?? { reads: [], writes: [] };
    for (const { span } of reads) change(this.#readers, span.root, position);
    for (const { span } of writes) change(this.#writers, span.root, position);
    const layer = this.#steps[position]?.layer;
    if (layer !== undefined && position >= this.middle) change(this.#backward, layer, position);
  }
}

export function isCall<K extends KernelName>(step: Step, kernel: K): step is KernelStep<K> & Step {
  return step.kind === "kernel" && step.kernel === kernel;
}

/** Where `position` stands, or would have to stand, in a sorted list; often at its end. */
function placeIn(list: readonly number[], position: number): number {
  let [low, high] = (list.at(-1) ?? -1) < position ? [list.length, list.length] : [0, list.length];
  while (low < high) {
    const half = (low + high) >> 1;
    if ((list[half] as number) < position) low = half + 1;
    else high = half;
  }
  return low;
}

function add<K>(index: Map<K, number[]>, key: K, position: number): void {
  const list = index.get(key);
  if (!list) index.set(key, [position]);
  else {
    const place = placeIn(list, position);
    if (list[place] !== position) list.splice(place, 0, position);
  }
}

function remove<K>(index: Map<K, number[]>, key: K, position: number): void {
  const list = index.get(key) ?? [];
  const place = placeIn(list, position);
  if (list[place] === position) list.splice(place, 1);
}

export function renameSpan(step: KernelStep, from: Span, to: Span): KernelStep {
  const swap = (value: unknown): unknown => (value === from ? to : Array.isArray(value) ? value.map(swap) : value);
  const args = Object.fromEntries(Object.entries(step.args).map(([name, value]) => [name, swap(value)]));
  return { ...step, args: args as unknown as KernelStep["args"] };
}

export const inPlace = (args: { readonly x: Span; readonly y: Span }, span: Span) => args.x === span && args.y === span;
