import fc from "fast-check";
import { expect, test } from "vitest";
import { Allocator, alignment } from "./allocator.js";

const start = 1000;
const end = 100_000;

interface Piece {
  readonly address: number;
  readonly bytes: number;
}

/** Takes pieces, and gives back what the second number of a step picks, if the first is 0. */
function play(allocator: Allocator, steps: readonly (readonly [bytes: number, pick: number])[]): Piece[] {
  const pieces: Piece[] = [];
  for (const [bytes, pick] of steps) {
    if (bytes > 0) {
      const address = allocator.allocate(bytes);
      if (address !== undefined) pieces.push({ address, bytes });
    } else {
      for (const { address, bytes: size } of pieces.splice(pick % Math.max(1, pieces.length), 1)) {
        allocator.release(address, size);
      }
    }
  }
  return pieces;
}

const steps = fc.array(fc.tuple(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5000 })), fc.nat(50)));

test("pieces are aligned, inside, and do not overlap", () => {
  fc.assert(
    fc.property(steps, (played) => {
      const pieces = play(new Allocator(start, end), played).sort((a, b) => a.address - b.address);
      for (const [i, { address, bytes }] of pieces.entries()) {
        expect(address % alignment).toBe(0);
        expect(address).toBeGreaterThanOrEqual(start);
        expect(address + bytes).toBeLessThanOrEqual(pieces[i + 1]?.address ?? end);
      }
    }),
  );
});

test("what was given back can be given out as one piece", () => {
  fc.assert(
    fc.property(steps, (played) => {
      const allocator = new Allocator(start, end);
      const all = allocator.largest;
      for (const { address, bytes } of play(allocator, played)) allocator.release(address, bytes);
      expect(allocator.used).toBe(0);
      expect(allocator.largest).toBe(all);
      expect(allocator.allocate(all)).toBeDefined();
      expect(allocator.largest).toBe(0);
      expect(allocator.allocate(1)).toBeUndefined();
    }),
  );
});

test("counts what is in use, as aligned", () => {
  const allocator = new Allocator(0, end);
  allocator.allocate(1);
  const second = allocator.allocate(65) as number;
  expect(allocator.used).toBe(3 * alignment);
  allocator.release(second, 65);
  expect(allocator.used).toBe(alignment);
});

test("the lowest gap that is large enough is used again", () => {
  const allocator = new Allocator(0, end);
  const [a, b, c] = [allocator.allocate(64), allocator.allocate(640), allocator.allocate(64)] as number[];
  allocator.allocate(64);
  allocator.release(a as number, 64);
  allocator.release(c as number, 64);
  expect(allocator.allocate(128)).toBeGreaterThan(c as number);
  expect(allocator.allocate(64)).toBe(a);
  allocator.release(b as number, 640);
  expect(allocator.allocate(704)).toBe(b);
});
