import type { Step } from "../program.js";
import type { Span } from "../span.js";
import { type Region, successorsOf, usesOf } from "../uses.js";
import { firstOver, type Item, type Lifetime, pack } from "./pack.js";
import { addRange, type Range } from "./ranges.js";

/** A span with its life and its offset in the arena, in values. */
export interface PlacedSpan extends Lifetime {
  readonly span: Span;
  readonly offset: number;
  /** The first step after its life that overwrites a part of it; infinity if there is none. */
  readonly overwritten: number;
}

export interface MemoryPlan {
  readonly placements: readonly PlacedSpan[];
  /** The size of the arena, in values. */
  readonly size: number;
}

/** Spans begin at multiples of 16 values: a cache line. */
const alignment = 16;

/**
 * Decides which spans may share memory when all of `steps` are run in their order, and places them in one arena.
 *
 * No other span uses the place of a span from the first step that writes to it to the last that reads or writes it. A span
 * that is read before all of it was written has its own memory: an input, a parameter, a state that continues in the next
 * run, a gradient that no step computes. The spans in `kept` have their own memory too. The output of a step may take the
 * place of an input that no later step reads, if the kernel can do that and it saves memory.
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
 * For each item, the first item of its group: the items of a group use one place, one after the other. An output takes the
 * place of an input if its step may overwrite that input, and no later step reads the input.
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
      // The step may read other values of the span through another argument.
      if (usesOf(step).reads.filter(({ span }) => span.root === input).length > 1) continue;
      first[next] = first[last] as number;
      hasSuccessor.add(last);
    }
  });
  return first;
}

/** Packs items. All items of a group get one place. */
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

/** The lives of all spans that own memory, except spans that are read before they are written. */
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
      // The values that a layer writes can be read from outside until the next layer runs.
      touch(root, i, hidden.has(root) ? i : (ends[i] ?? i));
    }
  }
  for (const span of carried) lives.delete(span);
  return lives;
}

/** For each step, the last step of its layer. The steps of a layer are consecutive. */
function layerEnds(steps: readonly Step[]): readonly number[] {
  const ends = [...steps.keys()];
  for (let i = steps.length - 2; i >= 0; i--) {
    if (steps[i]?.layer === steps[i + 1]?.layer) ends[i] = ends[i + 1] as number;
  }
  return ends;
}

/** The values of a span that were written. */
class Coverage {
  readonly #count: number;
  /** The length of the rows that the span is divided into: as a Concat writes it, or the whole span as one row. */
  #stride: number;
  /** The ranges that were written, the same in each row. */
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

  /** Whether all values of `span`, the span itself or a part of it, were written. */
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

/** The offset of a span in the span that owns its memory, in values. */
function sliceStart(span: Span): number {
  return span.offset - span.root.offset;
}
