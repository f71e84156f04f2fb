import { expect, test } from "vitest";
import { Random } from "../random.js";
import { LibraryRandom, libraryRandomOf } from "./c-library.js";

test("begins like the C library's rand() without srand()", () => {
  const random = new LibraryRandom();
  expect(Array.from({ length: 4 }, () => random.next())).toEqual([1804289383, 846930886, 1681692777, 1714636915]);
});

test("shuffles as std::random_shuffle does", () => {
  // Printed by a C++ program: four files, then ten rows twice, as an HDF5Data layer does.
  const random = new LibraryRandom();
  const files = [0, 1, 2, 3];
  const rows = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  random.shuffle(files);
  expect(files).toEqual([0, 3, 1, 2]);
  random.shuffle(rows);
  expect(rows).toEqual([5, 6, 2, 3, 1, 8, 4, 9, 7, 0]);
  random.shuffle(rows);
  expect(rows).toEqual([8, 0, 5, 3, 9, 6, 1, 2, 4, 7]);
  random.shuffle(rows);
  const thousand = Array.from({ length: 1000 }, (_, i) => i);
  for (let i = 0; i < 5; i++) random.shuffle(thousand);
  expect(thousand.slice(0, 8)).toEqual([927, 95, 210, 795, 780, 796, 763, 962]);
  expect(random.next()).toBe(2135410116);
});

test("continues from a saved state", () => {
  const random = new LibraryRandom();
  for (let i = 0; i < 100; i++) random.next();
  const state = JSON.parse(JSON.stringify(random.state));
  const next = Array.from({ length: 50 }, () => random.next());
  const other = new LibraryRandom();
  other.restore(state);
  expect(Array.from({ length: 50 }, () => other.next())).toEqual(next);
  for (const wrong of [undefined, [], Array(31).fill(0.5), Array(31).fill("1")]) {
    expect(() => other.restore(wrong)).toThrow(/must have 31 whole numbers/);
  }
});

test("is one for a whole run", () => {
  const [run, other] = [new Random(1), new Random(1)];
  expect(libraryRandomOf(run)).toBe(libraryRandomOf(run));
  expect(libraryRandomOf(run)).not.toBe(libraryRandomOf(other));
});
