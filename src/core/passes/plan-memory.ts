import type { Step } from "../program.js";
import type { Span } from "../span.js";
import { type Region, successorsOf, usesOf } from "../uses.js";
import { firstOver, type Item, type Lifetime, pack } from "./pack.js";
import { addRange, type Range } from "./ranges.js";

/** Where a span lies in the arena, in values, and when. */
export interface PlacedSpan extends Lifetime {
  readonly span: Span;
  readonly offset: number;
  /** The first step after its life that overwrites some of it; infinity if none does. */
  readonly overwritten: number;
}

export interface MemoryPlan {
  readonly placements: readonly PlacedSpan[];
  /** Values the arena needs. */
  readonly size: number;
}

/** Spans begin at multiples of 16 values: a cache line. */
const alignment = 16;

/**
 * Decides which spans may share memory when all of `steps` are run in their order, and places them in one arena.
 *
 * A span has its place to itself from the first step that writes to it to the last that reads or writes it. One that is
 * read before all of it was written (an input, a parameter, a state that goes from one run to the next, a gradient that
 * no step computes) has memory of its own, and so do those in `kept`. What a step writes may take the place of what it
 * is the last to read, if its kernel can do that and it saves memory.
 *
 * @param hidden spans that cannot be read from outside between layers
 */
export function planMemory(
  steps: readonly Step[],
  kept: ReadonlySet<Span>,
  hidden: ReadonlySet<Span> = new Set(),
): MemoryPlan {
  const items = [...lifetimes(steps, hidden)]
    .filter(([span]) => !kept.has(span) && span.count > 0)
    .map(([span, lifetime]) => ({ span, size: Math.ceil(span.count / alignment) * alignment, ...lifetime }));
  const separate = items.map((_, i) => i);
  const plans = [successions(steps, items), separate].map((groups) => packGroups(items, groups));
  const { offsets, size } = plans.reduce((best, plan) => (plan.size < best.size ? plan : best));
  const placed = items.map((item, i) => ({ ...item, offset: offsets[i] ?? 0 }));
  const overwritten = firstOver(placed);
  const placements = placed.map(({ span, from, to, offset }, i) => {
    return { span, from, to, offset, overwritten: overwritten[i] ?? Number.POSITIVE_INFINITY };
  });
  return { placements, size };
}

type SpanItem = Item & { readonly span: Span };

/**
 * Groups of items that lie at one place, one after the other, each given by its first item. A result takes the place of
 * an input if its step may write over what it reads, and no later step reads that.
 */
function successions(steps: readonly Step[], items: readonly SpanItem[]): readonly number[] {
  const indices = new Map(items.map(({ span }, i) => [span, i]));
  const first = items.map((_, i) => i);
  const hasSuccessor = new Set<number>();
  steps.forEach((step, at) => {
    for (const [output, input] of successorsOf(step)) {
      const [next, last] = [indices.get(output), indices.get(input)];
      if (next === undefined || last === undefined || next === last || hasSuccessor.has(last)) continue;
      const [heir, old] = [items[next] as SpanItem, items[last] as SpanItem];
      if (heir.from !== at || old.to !== at || heir.size !== old.size || first[next] !== next) continue;
      // Through another argument, the step may read other values of it.
      if (usesOf(step).reads.filter(({ span }) => span.root === input).length > 1) continue;
      first[next] = first[last] as number;
      hasSuccessor.add(last);
    }
  });
  return first;
}

/** Packs items; those of one group have one place. */
function packGroups(items: readonly SpanItem[], groups: readonly number[]): ReturnType<typeof pack> {
  const lives = new Map<number, Item>();
  items.forEach(({ from, to, size }, i) => {
    const life = lives.get(groups[i] as number) ?? { from, to, size };
    lives.set(groups[i] as number, { from: Math.min(life.from, from), to: Math.max(life.to, to), size });
  });
  const numbers = [...lives.keys()];
  const { offsets, size } = pack([...lives.values()]);
  const places = new Map(numbers.map((group, i) => [group, offsets[i] as number]));
  return { offsets: groups.map((group) => places.get(group) as number), size };
}

/** The lives of all spans that own memory, without those that are read before they are written. */
export function lifetimes(steps: readonly Step[], hidden: ReadonlySet<Span> = new Set()): Map<Span, Lifetime> {
  const lives = new Map<Span, { from: number; to: number }>();
  const coverages = new Map<Span, Coverage>();
  const carried = new Set<Span>();
  const ends = layerEnds(steps);
  const touch = (root: Span, from: number, to: number) => {
    const life = lives.get(root);
    if (life) life.to = Math.max(life.to, to);
    else lives.set(root, { from, to });
  };
  for (const [i, step] of steps.entries()) {
    const { reads, writes } = usesOf(step);
    for (const { span } of reads) {
      const { root } = span;
      if (!coverages.get(root)?.has(span)) carried.add(root);
      touch(root, i, i);
    }
    for (const region of writes) {
      const { root } = region.span;
      const coverage = coverages.get(root) ?? new Coverage(root.count);
      coverages.set(root, coverage);
      coverage.add(region);
      // The result of a layer can be read from outside until the next layer runs.
      touch(root, i, hidden.has(root) ? i : (ends[i] ?? i));
    }
  }
  for (const span of carried) lives.delete(span);
  return lives;
}

/** For each step the last step of its layer; the steps of a layer follow on each other. */
function layerEnds(steps: readonly Step[]): readonly number[] {
  const ends = [...steps.keys()];
  for (let i = steps.length - 2; i >= 0; i--) {
    if (steps[i]?.layer === steps[i + 1]?.layer) ends[i] = ends[i + 1] as number;
  }
  return ends;
}

/** Which values of a span were written. */
class Coverage {
  readonly #count: number;
  /** The span is seen as rows of this length: as a Concat writes it, or all of it as one. */
  #stride: number;
  /** What was written in each of the rows. */
  #columns: Range[] = [];

  constructor(count: number) {
    this.#count = count;
    this.#stride = count;
  }

  add({ span, rows, width, stride: step }: Region): void {
    const count = this.#count;
    const start = sliceStart(span);
    const stride = rows === 1 ? count : step;
    if (this.#isWhole || rows * width === 0) return;
    if (rows * width >= count && width <= step) this.#columns = [[0, this.#stride]];
    else if (
      rows * stride === count &&
      start + width <= stride &&
      (this.#columns.length === 0 || this.#stride === stride)
    ) {
      this.#stride = stride;
      addRange(this.#columns, [start, start + width]);
    } else {
      this.#joinRows();
      for (let from = start; from < start + rows * stride; from += stride) {
        addRange(this.#columns, [from, Math.min(from + width, count)]);
      }
    }
  }

  /** Whether all values of this span, or of this part of it, were written. */
  has(span: Span): boolean {
    if (this.#isWhole) return true;
    this.#joinRows();
    const start = sliceStart(span);
    return this.#columns.some(([from, to]) => from <= start && start + span.count <= to);
  }

  get #isWhole(): boolean {
    const [from, to] = this.#columns[0] ?? [0, 0];
    return from === 0 && to === this.#stride;
  }

  #joinRows(): void {
    if (this.#stride === this.#count) return;
    const [stride, columns] = [this.#stride, this.#columns];
    this.#stride = this.#count;
    this.#columns = [];
    for (let row = 0; row < this.#count; row += stride) {
      for (const [from, to] of columns) addRange(this.#columns, [row + from, row + to]);
    }
  }
}

/** Where a span starts in the one that owns its memory. */
function sliceStart(span: Span): number {
  return span.offset - span.root.offset;
}
