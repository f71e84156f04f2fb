import { expect, test } from "vitest";
import { type Batch, batchesOfArrays } from "../batch-norm/batches.js";
import { dataSet } from "./data-set.js";
import { batchesOfRanks } from "./rank-batches.js";

/** Batches of 2 rows of two numbers, n and −n, for n = 0, 1, 2, … */
function batchesOf2(iterations: number) {
  const rows = 2 * iterations;
  const data = Float32Array.from({ length: 2 * rows }, (_, i) => (i % 2 === 0 ? i / 2 : (1 - i) / 2));
  const label = Float32Array.from({ length: rows }, (_, i) => i);
  const arrays = { data: { shape: [rows, 2], data }, label: { shape: [rows], data: label } };
  return dataSet(
    "training",
    async () => batchesOfArrays(arrays, 2),
    () => iterations,
  );
}

const each = { count: 3, isSync: false };
const sync = { count: 3, isSync: true };

test("each rank has every N-th row of N batches, or all of them together", async () => {
  const set = await batchesOf2(7);
  const own = await batchesOfRanks(set, each);
  expect(own).toMatchObject({ name: "training", iterations: 6, batchSize: 2, images: 14 });
  const labels = async (batches: AsyncIterable<Batch> | undefined) => {
    const found: number[][] = [];
    for await (const batch of batches ?? []) {
      const values = [...(batch.get("label")?.data ?? [])];
      expect([...(batch.get("data")?.data ?? [])]).toEqual(values.flatMap((value) => [value, 0 - value]));
      expect(batch.get("data")?.shape).toEqual([values.length, 2]);
      found.push(values);
    }
    return found;
  };
  const dealt = [
    [0, 3],
    [1, 4],
    [2, 5],
    [6, 9],
    [7, 10],
    [8, 11],
  ];
  expect(await labels(own?.batches())).toEqual(dealt);
  expect(await labels(own?.batches())).toEqual(dealt);
  const together = await batchesOfRanks(set, sync);
  expect(together).toMatchObject({ iterations: 2, batchSize: 6 });
  expect([...(together?.shapes ?? [])]).toEqual([
    ["data", [6, 2]],
    ["label", [6]],
  ]);
  expect(await labels(together?.batches())).toEqual([
    [0, 1, 2, 3, 4, 5],
    [6, 7, 8, 9, 10, 11],
  ]);
  expect(await batchesOfRanks(set, { count: 1, isSync: false })).toBe(set);
});

test("batches that cannot be divided are none", async () => {
  expect(await batchesOfRanks(await batchesOf2(2), each)).toBeUndefined();
  const whole = { shape: [3], data: new Float32Array(3) };
  const source = async () => ({
    shapes: new Map([["mean", [3]]]),
    length: undefined,
    next: async () =>
      new Map([
        ["data", { shape: [2, 1], data: new Float32Array(2) }],
        ["mean", whole],
      ]),
    close: async () => {},
  });
  const set = await dataSet("training", source, () => 6);
  expect(await batchesOfRanks(set, sync)).toBeUndefined();
});
