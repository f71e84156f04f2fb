import { expect, test } from "vitest";
import { itemsBefore, shareOf, stepAfter, unevenShares, wholeSource } from "./share.js";

/** The items that a rank takes, as their places in the source. */
function taken(rank: number, size: number, phase: "TRAIN" | "TEST", batchSize: number, batches: number): number[][] {
  const share = shareOf({ rank, size }, phase, batchSize);
  let at = itemsBefore(share);
  return Array.from({ length: batches }, () =>
    Array.from({ length: batchSize }, (_, i) => {
      const item = at;
      at += stepAfter(share, i + 1);
      return item;
    }),
  );
}

test("in TRAIN rank r's batch t has the items t·B·N + i·N + r, as Caffe's Data layer skips", () => {
  for (const size of [1, 2, 3, 4]) {
    for (let rank = 0; rank < size; rank++) {
      const wanted = [0, 1, 2].map((t) => [0, 1, 2, 3].map((i) => t * 4 * size + i * size + rank));
      expect(taken(rank, size, "TRAIN", 4, 3)).toEqual(wanted);
    }
  }
});

test("in TEST rank r's batch t is the batch t·N + r of one process", () => {
  for (const size of [1, 2, 3, 4]) {
    for (let rank = 0; rank < size; rank++) {
      const wanted = [0, 1, 2].map((t) => [0, 1, 2, 3].map((i) => (t * size + rank) * 4 + i));
      expect(taken(rank, size, "TEST", 4, 3)).toEqual(wanted);
    }
  }
});

test("one process takes all", () => {
  expect(itemsBefore(wholeSource)).toBe(0);
  expect([1, 2, 3].map((count) => stepAfter(wholeSource, count))).toEqual([1, 1, 1]);
});

test("says where batches do not divide a pass", () => {
  const say = (items: number | undefined, size = 4) =>
    unevenShares(shareOf({ rank: 0, size }, "TRAIN", 5), 5, items, "records");
  expect(say(1001, 1)).toBe(undefined);
  expect(say(1000)).toBe(undefined);
  const goesOn = "the last batches of a pass go on with the first ones, as those of one process do";
  expect(say(1004)).toBe(`1004 records do not divide by 4 ranks with batch_size 5: ${goesOn}`);
  expect(say(1001)).toBe(
    `1001 records do not divide by 4 ranks with batch_size 5: ${goesOn}, and each rank takes other records in each pass`,
  );
  expect(say(undefined)).toBe(`If the records do not divide by 4 ranks with batch_size 5, ${goesOn}`);
});
