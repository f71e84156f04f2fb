import { expect, test } from "vitest";
import { LibraryRandom } from "../../util/random/c-library.js";
import { RowSource } from "./hdf5-rows.js";
import { type Share, shareOf, wholeSource } from "./share.js";

/** Files with these numbers of rows, and which of them were loaded or counted, in order. */
function filesOf(rows: readonly number[]) {
  const loaded: number[] = [];
  const counted: number[] = [];
  const files = {
    count: rows.length,
    load: async (file: number) => {
      loaded.push(file);
      return rows[file];
    },
    countRows: async (file: number) => {
      counted.push(file);
      return rows[file];
    },
  };
  return { files, loaded, counted };
}

/** The rows of some batches, as file and row. */
async function batches(rows: readonly number[], share: Share, batchSize: number, count: number, isShuffled = false) {
  const { files, loaded, counted } = filesOf(rows);
  const source = new RowSource(files, share, isShuffled ? new LibraryRandom() : undefined);
  await source.start();
  await source.enterShare();
  const taken: string[][] = [];
  for (let t = 0; t < count; t++) {
    const batch: string[] = [];
    for (let i = 0; i < batchSize; i++) {
      batch.push(`${loaded.at(-1)}:${source.row}`);
      await source.next(i + 1);
    }
    taken.push(batch);
  }
  return { source, taken, loaded, counted };
}

test("a file of which a rank takes no row is not loaded, only counted", async () => {
  const share = shareOf({ rank: 0, size: 4 }, "TEST", 2);
  const { taken, loaded, counted } = await batches([2, 3, 2, 1, 4], share, 2, 3);
  // Batches 0, 4 and 8 of one process: rows 0 1, 8 9, and 16 17 of 12, which are 4 5.
  expect(taken).toEqual([
    ["0:0", "0:1"],
    ["4:0", "4:1"],
    ["1:2", "2:0"],
  ]);
  expect(loaded.slice(0, 4)).toEqual([0, 4, 1, 2]);
  expect(counted.slice(0, 5)).toEqual([1, 2, 3, 0, 1]); // file 4 is entered at its first row
});

test("one process loads each file, and counts none", async () => {
  const { loaded, counted } = await batches([2, 3, 1], wholeSource, 3, 4);
  expect(loaded).toEqual([0, 1, 2, 0, 1, 2, 0]);
  expect(counted).toEqual([]);
});

test("shuffled orders agree on all ranks, whichever files they load", async () => {
  const rows = [3, 5, 1, 4];
  const one = (await batches(rows, wholeSource, 1, 200, true)).taken.flat();
  for (const size of [2, 3, 7]) {
    for (let rank = 0; rank < size; rank++) {
      const { taken } = await batches(rows, shareOf({ rank, size }, "TRAIN", 4), 4, 6, true);
      expect(taken.flat()).toEqual(Array.from({ length: 24 }, (_, i) => one[i * size + rank]));
    }
  }
});

test("of several ranks, one's generator is its own: other layers' draws do not change its orders", async () => {
  const random = new LibraryRandom();
  const source = new RowSource(filesOf([9]).files, shareOf({ rank: 1, size: 2 }, "TRAIN", 1), random);
  await source.start();
  const before = source.position.random;
  random.next();
  expect(source.position.random).toEqual(before);
});

test("after an error, the position is as before", async () => {
  const { source } = await batches([3, 5, 1], shareOf({ rank: 1, size: 2 }, "TRAIN", 2), 2, 3, true);
  const before = structuredClone(source.position);
  const wrong = [
    { ...before, file: 3 },
    { ...before, files: [0, 1, 1] },
    { ...before, row: 5 },
    { ...before, rows: [] },
    { ...before, random: [1] },
    undefined,
  ];
  for (const position of wrong) {
    for (const isShared of [false, true]) {
      await expect(source.moveTo(position, isShared)).rejects.toThrow();
      expect(source.position).toEqual(before);
    }
  }
});
