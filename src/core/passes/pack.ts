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
  const placed = new PlacedItems();
  let size = 0;
  for (const index of order) {
    const item = items[index] as Item;
    const offset = placed.tightestGap(item);
    offsets[index] = offset;
    size = Math.max(size, offset + item.size);
    placed.add({ ...item, offset });
  }
  return { offsets, size };
}

/** Items in one block, at most. */
const blockLength = 64;

/** Items that follow on each other by offset, and what can be said of all of them at once. */
class Block {
  items: PlacedItem[];
  /** Who looks from a time within [lastFrom, firstTo] sees all; who looks from before firstFrom or after lastTo, none. */
  #firstFrom = Number.POSITIVE_INFINITY;
  #lastFrom = Number.NEGATIVE_INFINITY;
  #firstTo = Number.POSITIVE_INFINITY;
  #lastTo = Number.NEGATIVE_INFINITY;
  /** The end of the item that ends last. */
  #end = 0;
  /** The gaps between the items, by size and then by offset; made when asked for. */
  #gaps: readonly { readonly size: number; readonly offset: number }[] | undefined;

  constructor(items: PlacedItem[]) {
    this.items = items;
    for (const item of items) this.#note(item);
  }

  get start(): number {
    return this.items[0]?.offset ?? 0;
  }

  add(item: PlacedItem): void {
    const at = this.items.findIndex(({ offset }) => offset > item.offset);
    this.items.splice(at < 0 ? this.items.length : at, 0, item);
    this.#note(item);
    this.#gaps = undefined;
  }

  /** Takes this block into a search from the lowest offset up. */
  search(wanted: Item, found: Search): void {
    if (this.#firstFrom > wanted.to || this.#lastTo < wanted.from) return;
    const seesAll = this.#lastFrom <= wanted.to && this.#firstTo >= wanted.from;
    if (!seesAll || found.end > this.start) {
      for (const { from, to, offset, size } of this.items) {
        if (from <= wanted.to && to >= wanted.from) found.take(offset, offset + size);
      }
      return;
    }
    found.take(this.start, this.start);
    this.#gaps ??= this.#makeGaps();
    let [low, high] = [0, this.#gaps.length];
    while (low < high) {
      const half = (low + high) >> 1;
      if ((this.#gaps[half]?.size ?? 0) < wanted.size) low = half + 1;
      else high = half;
    }
    const gap = this.#gaps[low];
    if (gap) found.offer(gap.offset, gap.size);
    found.end = Math.max(found.end, this.#end);
  }

  #makeGaps(): { readonly size: number; readonly offset: number }[] {
    const gaps: { readonly size: number; readonly offset: number }[] = [];
    let end = this.start;
    for (const { offset, size } of this.items) {
      if (offset > end) gaps.push({ size: offset - end, offset: end });
      end = Math.max(end, offset + size);
    }
    return gaps.sort((a, b) => a.size - b.size || a.offset - b.offset);
  }

  #note({ from, to, offset, size }: PlacedItem): void {
    this.#firstFrom = Math.min(this.#firstFrom, from);
    this.#lastFrom = Math.max(this.#lastFrom, from);
    this.#firstTo = Math.min(this.#firstTo, to);
    this.#lastTo = Math.max(this.#lastTo, to);
    this.#end = Math.max(this.#end, offset + size);
  }
}

/** The search for the tightest gap, the lowest of equals. */
class Search {
  /** Everything below is taken, or a gap already offered. */
  end = 0;
  best: number | undefined;
  readonly #size: number;
  #bestSize = Number.POSITIVE_INFINITY;

  constructor(size: number) {
    this.#size = size;
  }

  take(start: number, end: number): void {
    this.offer(this.end, start - this.end);
    this.end = Math.max(this.end, end);
  }

  offer(offset: number, size: number): void {
    if (size < this.#size || size >= this.#bestSize) return;
    this.best = offset;
    this.#bestSize = size;
  }
}

/**
 * Items by offset, in blocks. Items that are alike in size are alike in time, too, as layers that follow on each other
 * are: most blocks are seen as a whole, or not at all.
 */
class PlacedItems {
  readonly #blocks: Block[] = [new Block([])];

  /** The offset of the tightest gap that is there for this item, or the end of all that live with it. */
  tightestGap(item: Item): number {
    const search = new Search(item.size);
    for (const block of this.#blocks) block.search(item, search);
    return search.best ?? search.end;
  }

  add(item: PlacedItem): void {
    let at = this.#blocks.findLastIndex(({ start }) => start <= item.offset);
    at = Math.max(at, 0);
    const block = this.#blocks[at] as Block;
    block.add(item);
    if (block.items.length <= blockLength) return;
    const { items } = block;
    const half = items.length >> 1;
    this.#blocks.splice(at, 1, new Block(items.slice(0, half)), new Block(items.slice(half)));
  }
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
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(count, 1)));
    this.#all = new Float64Array(2 * this.#leaves).fill(Number.POSITIVE_INFINITY);
    this.#least = this.#all.slice();
  }

  /** Sets the time of places [from, to); no later than all times set before. */
  set(from: number, to: number, time: number): void {
    const visit = (node: number, low: number, high: number) => {
      if (to <= low || from >= high) return;
      this.#least[node] = time;
      if (from <= low && high <= to) {
        this.#all[node] = time;
        return;
      }
      const half = (low + high) >> 1;
      visit(2 * node, low, half);
      visit(2 * node + 1, half, high);
    };
    visit(1, 0, this.#leaves);
  }

  /** The least time of places [from, to). */
  least(from: number, to: number): number {
    const visit = (node: number, low: number, high: number): number => {
      if (to <= low || from >= high) return Number.POSITIVE_INFINITY;
      if (from <= low && high <= to) return this.#least[node] as number;
      const half = (low + high) >> 1;
      return Math.min(this.#all[node] as number, visit(2 * node, low, half), visit(2 * node + 1, half, high));
    };
    return visit(1, 0, this.#leaves);
  }
}
