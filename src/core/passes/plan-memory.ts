import type { Step } from "../program.js";
import type { Span } from "../span.js";
import { type Region, successorsOf, type Uses, usesOf } from "../uses.js";
import { firstOver, type Item, type Lifetime, pack } from "./pack.js";

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

/** Spans begin at multiples of so many values: a cache line. */
const alignment = 16;

/**
 * Decides which spans may share memory when all of `steps` are run in their order, and places them in one arena.
 *
 * A span has its place to itself from the step that first writes to it to the last that has to do with it. One that is
 * read before all of it was written (an input, a parameter, a state that goes from one run to the next, a gradient
 * nobody computes) keeps memory of its own, and so do those in `kept`. What a step writes may take the place of what it
 * is the last to read, if its kernel can do that and it saves memory.
 *
 * @param hidden spans that nobody can look at between layers
 * @param uses what each of the steps reads and writes
 */
export function planMemory(
  steps: readonly Step[],
  kept: ReadonlySet<Span>,
  hidden: ReadonlySet<Span> = new Set(),
  uses: readonly Uses[] = steps.map(usesOf),
): MemoryPlan {
  const items = [...lifetimes(steps, hidden, uses)]
    .filter(([span]) => !kept.has(span) && span.count > 0)
    .map(([span, lifetime]) => ({ span, size: Math.ceil(span.count / alignment) * alignment, ...lifetime }));
  const separate = items.map((_, i) => i);
  const plans = [successions(steps, items, uses), separate].map((groups) => packGroups(items, groups));
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
 * For each item the first of those that lie at one place, one after the other: where a step may write over what it
 * reads, and nobody reads that later, its result takes the place.
 */
function successions(steps: readonly Step[], items: readonly SpanItem[], uses: readonly Uses[]): readonly number[] {
  const indices = new Map(items.map(({ span }, i) => [span, i]));
  const first = items.map((_, i) => i);
  const hasSuccessor = new Set<number>();
  steps.forEach((step, at) => {
    for (const [output, input] of successorsOf(step)) {
      const [next, last] = [indices.get(output), indices.get(input)];
      if (next === undefined || last === undefined || next === last || hasSuccessor.has(last)) continue;
      const [heir, old] = [items[next] as SpanItem, items[last] as SpanItem];
      if (heir.from !== at || old.to !== at || heir.size !== old.size || first[next] !== next) continue;
      // Through another argument it might be read elsewhere.
      if ((uses[at]?.reads ?? []).filter(({ span }) => span.root === input).length > 1) continue;
      first[next] = first[last] as number;
      hasSuccessor.add(last);
    }
  });
  return first;
}

/** Packs items of which those with the same group have one place. */
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
export function lifetimes(
  steps: readonly Step[],
  hidden: ReadonlySet<Span> = new Set(),
  uses: readonly Uses[] = steps.map(usesOf),
): Map<Span, Lifetime> {
  const lives = new Map<Span, { from: number; to: number }>();
  const coverages = new Map<Span, Coverage>();
  const carried = new Set<Span>();
  const ends = layerEnds(steps);
  const touch = (root: Span, from: number, to: number) => {
    const life = lives.get(root);
    if (life) life.to = Math.max(life.to, to);
    else lives.set(root, { from, to });
  };
  for (const [i, { reads, writes }] of uses.entries()) {
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
      // What a layer leaves can be looked at until the next layer runs.
      touch(root, i, hidden.has(root) ? i : (ends[i] ?? i));
    }
  }
  for (const span of carried) lives.delete(span);
  return lives;
}

/** For each step the last of those from it on that are of the same layer. */
function layerEnds(steps: readonly Step[]): readonly number[] {
  const ends = [...steps.keys()];
  for (let i = steps.length - 2; i >= 0; i--) {
    if (steps[i]?.layer === steps[i + 1]?.layer) ends[i] = ends[i + 1] as number;
  }
  return ends;
}

/** Columns `[from, to)` of all rows. */
type Columns = readonly [from: number, to: number];

/** Which values of a span were written. */
class Coverage {
  readonly #count: number;
  #missing: number;
  /** As long as all parts are columns of rows of one length, as a Concat writes them: that length, and which. */
  #stride = 0;
  #columns: readonly Columns[] = [];
  /** Else each value for itself. */
  #written: Uint8Array | undefined;

  constructor(count: number) {
    this.#count = count;
    this.#missing = count;
  }

  add({ span, rows, width, stride: step }: Region): void {
    const count = this.#count;
    if (this.#missing === 0) return;
    if (rows * width >= count && width <= step) {
      this.#missing = 0;
      return;
    }
    const start = sliceStart(span);
    const stride = rows === 1 ? count : step;
    const areColumns = rows * stride === count && start + width <= stride;
    if (!this.#written && areColumns && (this.#stride === 0 || this.#stride === stride)) {
      this.#stride = stride;
      this.#columns = union(this.#columns, [start, start + width]);
      this.#missing = count - rows * this.#columns.reduce((sum, [from, to]) => sum + to - from, 0);
      return;
    }
    const written = this.#values();
    let missing = this.#missing;
    for (let row = 0; row < rows; row++) {
      const end = Math.min(start + row * stride + width, count);
      for (let i = start + row * stride; i < end; i++) {
        if (written[i] === 0) missing--;
        written[i] = 1;
      }
    }
    this.#missing = missing;
  }

  /** Whether all values of this span, or of this part of it, were written. */
  has(span: Span): boolean {
    if (this.#missing === 0) return true;
    if (this.#missing === this.#count) return false;
    const start = sliceStart(span);
    return this.#values()
      .subarray(start, start + span.count)
      .every((flag) => flag === 1);
  }

  #values(): Uint8Array {
    if (this.#written) return this.#written;
    const written = new Uint8Array(this.#count);
    this.#written = written;
    for (let row = 0; row < this.#count; row += this.#stride || this.#count) {
      for (const [from, to] of this.#columns) written.fill(1, row + from, row + to);
    }
    return written;
  }
}

/** These columns and those, none of them twice. */
function union(columns: readonly Columns[], added: Columns): readonly Columns[] {
  const apart = columns.filter(([from, to]) => to < added[0] || from > added[1]);
  const joined = columns.filter((each) => !apart.includes(each));
  const from = Math.min(added[0], ...joined.map((each) => each[0]));
  const to = Math.max(added[1], ...joined.map((each) => each[1]));
  return [...apart, [from, to]];
}

/** Where a span starts in the one that owns its memory. */
function sliceStart(span: Span): number {
  return span.offset - span.root.offset;
}
