import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sharesOf } from "./shares.js";

/** The calls that threads make, those of each one's share first. */
function calls(pieces: number, grain: number, threads: number): [from: number, to: number][] {
  const { each, chunk } = sharesOf(pieces, grain, threads);
  const shares = Array.from({ length: threads }, (_, i) => [i * each, (i + 1) * each]);
  const chunks = [];
  for (let from = threads * each; from < pieces; from += chunk) chunks.push([from, from + chunk]);
  return [...shares, ...chunks].map(([from, to]) => [Math.min(pieces, from), Math.min(pieces, to)]);
}

describe("shares of a call", () => {
  test("are all of its pieces, once, and worth a call but for the last", () => {
    const size = fc.oneof(fc.nat(40), fc.nat(5_000_000));
    fc.assert(
      fc.property(
        size,
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 16 }),
        (pieces, grain, threads) => {
          const all = calls(pieces, grain, threads);
          let next = 0;
          for (const [from, to] of all) {
            expect(from).toBe(next);
            next = to;
          }
          expect(next).toBe(pieces);
          const { each } = sharesOf(pieces, grain, threads);
          if (threads * each >= pieces) return;
          for (const [from, to] of all.slice(0, -1)) expect(to - from).toBeGreaterThanOrEqual(grain);
          const most = each + Math.ceil((all.length - threads) / threads) * (all[threads][1] - all[threads][0]);
          expect(most).toBeLessThanOrEqual(1.1 * Math.ceil(pieces / threads));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("three quarters evenly, and four chunks a thread, where there is enough", () => {
    expect(sharesOf(32_000, 100, 2)).toEqual({ pieces: 32_000, each: 12_000, chunk: 1000 });
    expect(sharesOf(8, 1, 2)).toEqual({ pieces: 8, each: 3, chunk: 1 });
  });

  test("even ones, where there is little", () => {
    expect(sharesOf(5, 4096, 2)).toEqual({ pieces: 5, each: 3, chunk: 1 });
    expect(sharesOf(25, 8, 2)).toEqual({ pieces: 25, each: 13, chunk: 1 });
    expect(sharesOf(2, 1, 2)).toEqual({ pieces: 2, each: 1, chunk: 1 });
    expect(sharesOf(0, 1, 3)).toEqual({ pieces: 0, each: 0, chunk: 1 });
  });
});
