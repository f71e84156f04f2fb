import fc from "fast-check";
import { expect, test } from "vitest";
import { firstOver, type Item, pack } from "./pack.js";

const item = fc
  .record({ size: fc.integer({ min: 1, max: 40 }), from: fc.nat(30), length: fc.nat(12) })
  .map(({ size, from, length }) => ({ size, from, to: from + length }));

test("no two that live at the same time overlap, and little is wasted", () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 40 }), (items) => {
      const { offsets, size } = pack(items);
      items.forEach((a, i) => {
        const offset = offsets[i] as number;
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset + a.size).toBeLessThanOrEqual(size);
        items.slice(0, i).forEach((b, j) => {
          const apart = a.to < b.from || b.to < a.from;
          const other = offsets[j] as number;
          expect(apart || offset + a.size <= other || other + b.size <= offset).toBe(true);
        });
      });
      const load = Array.from({ length: 43 }, (_, at) =>
        items.filter(({ from, to }) => from <= at && at <= to).reduce((sum, each) => sum + each.size, 0),
      );
      expect(size).toBeGreaterThanOrEqual(Math.max(...load));
      expect(size).toBeLessThanOrEqual(items.reduce((sum, each) => sum + each.size, 0));
    }),
  );
});

test("what follows on each other takes no more than the two largest neighbours", () => {
  const chain = [5, 9, 7, 3].map((size, i) => ({ size, from: i, to: i + 1 }));
  expect(pack(chain).size).toBe(16);
  expect(pack([])).toEqual({ offsets: [], size: 0 });
});

/** `pack` as it is defined: all placed items looked at for each, by offset. */
function simplePack(items: readonly Item[]): { offsets: number[]; size: number } {
  const offsets: number[] = items.map(() => 0);
  const placed: number[] = [];
  let size = 0;
  for (const index of [...items.keys()].sort((a, b) => items[b].size - items[a].size || a - b)) {
    const item = items[index];
    let best: number | undefined;
    let bestGap = Number.POSITIVE_INFINITY;
    let end = 0;
    for (const other of placed.sort((a, b) => offsets[a] - offsets[b])) {
      if (items[other].from > item.to || items[other].to < item.from) continue;
      const gap = offsets[other] - end;
      if (gap >= item.size && gap < bestGap) [best, bestGap] = [end, gap];
      end = Math.max(end, offsets[other] + items[other].size);
    }
    offsets[index] = best ?? end;
    size = Math.max(size, offsets[index] + item.size);
    placed.push(index);
  }
  return { offsets, size };
}

/** Many items, few sizes, lives nested as those of forward and backward are, or short. */
const many = fc.array(
  fc.record({ size: fc.integer({ min: 1, max: 6 }), from: fc.nat(400), length: fc.nat(9), nested: fc.boolean() }),
  { minLength: 1, maxLength: 400, size: "max" },
);

test("looking at unions of offsets gives what looking at each item gives", () => {
  fc.assert(
    fc.property(many, (made) => {
      const items = made.map(({ size, from, length, nested }) => ({
        size,
        from,
        to: nested ? 800 - from : from + length,
      }));
      expect(pack(items)).toEqual(simplePack(items));
    }),
    { numRuns: 60 },
  );
});

test("an item is overwritten by the first that begins at its end or later and lies over it", () => {
  fc.assert(
    fc.property(fc.oneof(fc.array(item, { maxLength: 40 }), many), (made) => {
      const items = made.map(({ size, from, ...more }) => ({
        size,
        from,
        to: "to" in more ? more.to : from + more.length,
      }));
      const { offsets } = pack(items);
      const placed = items.map((each, i) => ({ ...each, offset: offsets[i] }));
      const simple = placed.map((own) => {
        const over = placed.filter(
          (other) =>
            other !== own &&
            other.from >= own.to &&
            other.offset < own.offset + own.size &&
            own.offset < other.offset + other.size,
        );
        return Math.min(...over.map(({ from }) => from));
      });
      expect(firstOver(placed)).toEqual(simple);
    }),
    { numRuns: 100 },
  );
});
