/** From the first step that writes to something to the last that has to do with it, both included. */
export interface Lifetime {
  readonly from: number;
  readonly to: number;
}

/** Something that needs `size` places while it lives. */
export interface Item extends Lifetime {
  readonly size: number;
}

/** An item that has its place. */
export interface PlacedItem extends Item {
  readonly offset: number;
}

/**
 * Gives each item an offset so that no two that live at the same time overlap, the largest first, each in the tightest
 * gap that those placed before leave it. Source: Pisarchyk and Lee, Efficient Memory Management for Deep Neural Net
 * Inference (2020), greedy by size.
 */
export function pack(items: readonly Item[]): { readonly offsets: readonly number[]; readonly size: number } {
  const offsets: number[] = items.map(() => 0);
  const order = [...items.keys()].sort((a, b) => (items[b]?.size ?? 0) - (items[a]?.size ?? 0) || a - b);
  const occupancy = new Occupancy(items.reduce((end, { to }) => Math.max(end, to + 1), 1));
  let size = 0;
  for (const index of order) {
    const item = items[index] as Item;
    const offset = tightestGap(occupancy.during(item), item.size);
    offsets[index] = offset;
    size = Math.max(size, offset + item.size);
    occupancy.add({ ...item, offset });
  }
  return { offsets, size };
}

/** The offset of the tightest gap between these ranges, the lowest of equals; their end, if they leave none. */
function tightestGap(ranges: readonly Range[], size: number): number {
  let best: number | undefined;
  let bestGap = Number.POSITIVE_INFINITY;
  let end = 0;
  for (const range of ranges) {
    const gap = range.start - end;
    if (gap >= size && gap < bestGap) [best, bestGap] = [end, gap];
    end = Math.max(end, range.end);
  }
  return best ?? end;
}

/** Offsets [start, end). */
interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Which offsets are taken at which times: a segment tree over time. Each node stands for a range of times and has two
 * unions of offsets: of the items that live through all of its times, and of those that live at any of them. Items that
 * touch are one range, so that a node has few, however many items there are.
 */
class Occupancy {
  readonly #leaves: number;
  readonly #always: (Range[] | undefined)[] = [];
  readonly #ever: (Range[] | undefined)[] = [];

  constructor(times: number) {
    this.#leaves = leavesFor(times);
  }

  add({ from, to, offset, size }: PlacedItem): void {
    const range = { start: offset, end: offset + size };
    visit(from, to + 1, this.#leaves, (node, isWhole) => {
      this.#ever[node] = added(this.#ever[node], range);
      if (isWhole) this.#always[node] = added(this.#always[node], range);
    });
  }

  /** What is taken at any time of this lifetime, by offset; ranges may overlap. */
  during({ from, to }: Lifetime): readonly Range[] {
    const found: Range[] = [];
    visit(from, to + 1, this.#leaves, (node, isWhole) => {
      for (const range of (isWhole ? this.#ever : this.#always)[node] ?? []) found.push(range);
    });
    return found.sort((a, b) => a.start - b.start);
  }
}

/** These ranges and one more, which is joined with those that it touches. */
function added(ranges: Range[] | undefined, { start, end }: Range): Range[] {
  if (!ranges) return [{ start, end }];
  let [first, high] = [0, ranges.length];
  while (first < high) {
    const half = (first + high) >> 1;
    if ((ranges[half] as Range).end < start) first = half + 1;
    else high = half;
  }
  let next = first;
  let joined: Range = { start, end };
  for (let range = ranges[next]; range && range.start <= end; range = ranges[++next]) {
    joined = { start: Math.min(joined.start, range.start), end: Math.max(joined.end, range.end) };
  }
  ranges.splice(first, next - first, joined);
  return ranges;
}

/** The leaves of a segment tree with this many places; its root is node 1, the children of node n are 2n and 2n + 1. */
function leavesFor(places: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(places, 1)));
}

/** Visits the nodes of a segment tree that have places of [from, to), down to those that have no others. */
function visit(from: number, to: number, leaves: number, each: (node: number, isWhole: boolean) => void): void {
  const descend = (node: number, low: number, high: number): void => {
    if (to <= low || from >= high) return;
    const isWhole = from <= low && high <= to;
    each(node, isWhole);
    if (isWhole) return;
    const half = (low + high) >> 1;
    descend(2 * node, low, half);
    descend(2 * node + 1, half, high);
  };
  descend(1, 0, leaves);
}

/** For each item the first step from the end of its life on that writes to an item over it; infinity if none does. */
export function firstOver(items: readonly PlacedItem[]): readonly number[] {
  const bounds = [...new Set(items.flatMap(({ offset, size }) => [offset, offset + size]))].sort((a, b) => a - b);
  const places = new Map(bounds.map((bound, i) => [bound, i]));
  const rangeOf = ({ offset, size }: PlacedItem) => [places.get(offset) ?? 0, places.get(offset + size) ?? 0] as const;
  const latest = new RangeTimes(bounds.length);
  const byFrom = [...items].sort((a, b) => b.from - a.from);
  // What lives during one step only is not to be found over itself.
  const since = ({ from, to }: Lifetime) => Math.max(to, from + 1);
  const order = [...items.keys()].sort((a, b) => since(items[b] as Item) - since(items[a] as Item));
  const first: number[] = [];
  let next = 0;
  for (const index of order) {
    const item = items[index] as PlacedItem;
    for (let other = byFrom[next]; other && other.from >= since(item); other = byFrom[++next]) {
      latest.set(...rangeOf(other), other.from);
    }
    first[index] = latest.least(...rangeOf(item));
  }
  return first;
}

/** A time for each of `count` places, in a segment tree. Times are set from the latest to the earliest. */
class RangeTimes {
  readonly #leaves: number;
  /** Of each node: the time last set for all of its places, and the least of any of them. */
  readonly #all: Float64Array;
  readonly #least: Float64Array;

  constructor(count: number) {
    this.#leaves = leavesFor(count);
    this.#all = new Float64Array(2 * this.#leaves).fill(Number.POSITIVE_INFINITY);
    this.#least = this.#all.slice();
  }

  /** Sets the time of places [from, to); no later than all times set before. */
  set(from: number, to: number, time: number): void {
    visit(from, to, this.#leaves, (node, isWhole) => {
      this.#least[node] = time;
      if (isWhole) this.#all[node] = time;
    });
  }

  /** The least time of places [from, to). */
  least(from: number, to: number): number {
    let least = Number.POSITIVE_INFINITY;
    visit(from, to, this.#leaves, (node, isWhole) => {
      least = Math.min(least, (isWhole ? this.#least : this.#all)[node] as number);
    });
    return least;
  }
}
