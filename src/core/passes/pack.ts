import { addRange, type Range } from "./ranges.js";

/** The life of a span: from the first step that writes to it to the last that uses it, both included. */
export interface Lifetime {
  readonly from: number;
  readonly to: number;
}

/** An item that needs memory for `size` values during its life. */
export interface Item extends Lifetime {
  readonly size: number;
}

/** An item and its place in memory. */
export interface PlacedItem extends Item {
  readonly offset: number;
}

/**
 * Gives each item an offset so that no two items that live at the same time overlap. The largest items are placed first;
 * each gets the smallest gap it fits into. Source: Pisarchyk and Lee, Efficient Memory Management for Deep Neural Net
 * Inference (2020), greedy by size.
 */
export function pack(items: readonly Item[]): { readonly offsets: readonly number[]; readonly size: number } {
  const offsets: number[] = items.map(() => 0);
  const order = [...items.keys()].sort((a, b) => (items[b]?.size ?? 0) - (items[a]?.size ?? 0) || a - b);
  /** The ranges of offsets that are taken, by time. Ranges that touch are joined, so there are few of them. */
  const taken = new Marks<Range[]>(items.reduce((end, { to }) => Math.max(end, to + 1), 1));
  let size = 0;
  for (const index of order) {
    const item = items[index] as Item;
    const offset = tightestGap(([] as Range[]).concat(...taken.during(item.from, item.to + 1)), item.size);
    const range = [offset, offset + item.size] as const;
    taken.change(item.from, item.to + 1, (ranges = []) => {
      addRange(ranges, range);
      return ranges;
    });
    offsets[index] = offset;
    size = Math.max(size, range[1]);
  }
  return { offsets, size };
}

/** The offset of the smallest sufficient gap between these ranges, the lowest of equals; the end of all if there is none. */
function tightestGap(ranges: Range[], size: number): number {
  let best: number | undefined;
  let bestGap = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const [start, end] of ranges.sort((a, b) => a[0] - b[0])) {
    const gap = start - last;
    if (gap >= size && gap < bestGap) [best, bestGap] = [last, gap];
    last = Math.max(last, end);
  }
  return best ?? last;
}

/** For each item, the first step after its life that writes to an item in the same memory; infinity if there is none. */
export function firstOver(items: readonly PlacedItem[]): readonly number[] {
  const bounds = [...new Set(items.flatMap(({ offset, size }) => [offset, offset + size]))].sort((a, b) => a - b);
  const places = new Map(bounds.map((bound, i) => [bound, i]));
  const rangeOf = ({ offset, size }: PlacedItem) => [places.get(offset) ?? 0, places.get(offset + size) ?? 0] as const;
  /** For each place the next step that writes there. Steps are visited from the last to the first. */
  const next = new Marks<number>(bounds.length);
  const byFrom = [...items].sort((a, b) => b.from - a.from);
  // An item that lives for only one step must not count as overwritten by itself.
  const since = ({ from, to }: Lifetime) => Math.max(to, from + 1);
  const order = [...items.keys()].sort((a, b) => since(items[b] as Item) - since(items[a] as Item));
  const first: number[] = [];
  let known = 0;
  for (const index of order) {
    const item = items[index] as PlacedItem;
    for (let other = byFrom[known]; other && other.from >= since(item); other = byFrom[++known]) {
      const { from } = other;
      next.change(...rangeOf(other), () => from);
    }
    first[index] = Math.min(...next.during(...rangeOf(item)));
  }
  return first;
}

/**
 * A mark for each of many places, changed for a whole range at once: a segment tree. Each node has one mark for the changes
 * to all of its places, and one for the changes to any of them.
 */
class Marks<T> {
  readonly #leaves: number;
  readonly #ofAll: T[] = [];
  readonly #ofAny: T[] = [];

  constructor(places: number) {
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(places, 1)));
  }

  change(from: number, to: number, changed: (mark: T | undefined) => T): void {
    this.#visit(from, to, (node, isWhole) => {
      this.#ofAny[node] = changed(this.#ofAny[node]);
      if (isWhole) this.#ofAll[node] = changed(this.#ofAll[node]);
    });
  }

  /** The marks of all nodes that concern any place of [from, to). */
  during(from: number, to: number): T[] {
    const found: T[] = [];
    this.#visit(from, to, (node, isWhole) => {
      const mark = (isWhole ? this.#ofAny : this.#ofAll)[node];
      if (mark !== undefined) found.push(mark);
    });
    return found;
  }

  /** Visits the nodes with places of [from, to), from the root down to the nodes that lie in this range as a whole. */
  #visit(from: number, to: number, each: (node: number, isWhole: boolean) => void): void {
    // The children of node n are 2n and 2n + 1.
    const descend = (node: number, low: number, high: number): void => {
      if (to <= low || from >= high) return;
      const isWhole = from <= low && high <= to;
      each(node, isWhole);
      if (isWhole) return;
      const half = (low + high) >> 1;
      descend(2 * node, low, half);
      descend(2 * node + 1, half, high);
    };
    descend(1, 0, this.#leaves);
  }
}
