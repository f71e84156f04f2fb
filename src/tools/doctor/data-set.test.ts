import { expect, test } from "vitest";
import { type Batch, batchesOfArrays } from "../batch-norm/batches.js";
import { type Batches, changed, dataSet, firstOf, inBatchesOf, inPartsOf } from "./data-set.js";

/** Rows of two numbers, and a label each. */
function setOf(rows: readonly number[], size: number, iterations: number) {
  const data = Float32Array.from(rows.flatMap((value) => [value, -value]));
  const arrays = {
    data: { shape: [rows.length, 2], data },
    label: { shape: [rows.length], data: new Float32Array(rows.length) },
  };
  return dataSet(
    "given",
    async () => batchesOfArrays(arrays, size),
    () => iterations,
  );
}

async function valuesOf({ batches }: Batches): Promise<number[][]> {
  const found: number[][] = [];
  for await (const batch of batches()) found.push([...(batch.get("data")?.data ?? [])].filter((_, i) => i % 2 === 0));
  return found;
}

test("a set gives the same batches each time, and counts the rows that differ", async () => {
  const set = await setOf([1, 2, 3, 4, 4], 2, 4);
  expect(set).toMatchObject({ name: "given", iterations: 4, batchSize: 2, images: 4 });
  const batches = [
    [1, 2],
    [3, 4],
    [4, 1],
    [2, 3],
  ];
  expect(await valuesOf(set)).toEqual(batches);
  expect(await valuesOf(set)).toEqual(batches);
});

test("a source is closed as soon as it is read, and so is one that is opened again", async () => {
  let [open, opened] = [0, 0];
  const data = new Float32Array(2 ** 25);
  const source = async () => {
    open++;
    opened++;
    return {
      shapes: new Map([["data", [1, data.length]]]),
      length: undefined,
      next: async () => new Map([["data", { shape: [1, data.length], data }]]),
      close: async () => void open--,
    };
  };
  const small = await dataSet("given", source, () => 1);
  for await (const _ of small.batches()) expect(open).toBe(0);
  expect([open, opened]).toEqual([0, 1]);
  // More than is kept in memory.
  const large = await dataSet("given", source, () => 3);
  for await (const _ of firstOf(large, 1).batches()) expect(open).toBe(1);
  expect([open, opened]).toEqual([0, 3]);
});

test("larger batches are divided into smaller ones", async () => {
  const set = await setOf([1, 2, 3, 4, 5, 6], 5, 2);
  const parts = inPartsOf(set, 2);
  expect(parts).toMatchObject({ iterations: 4, batchSize: 2, images: 6 });
  expect(parts.shapes.get("data")).toEqual([2, 2]);
  expect(await valuesOf(parts)).toEqual([
    [1, 2],
    [3, 4],
    [6, 1],
    [2, 3],
  ]);
  expect(inPartsOf(set, 5)).toBe(set);
});

test("rows with the same sum are counted apart", async () => {
  const arrays = { data: { shape: [2, 3], data: Float32Array.of(1, 2, 3, 3, 2, 1) } };
  const set = await dataSet(
    "given",
    async () => batchesOfArrays(arrays, 1),
    () => 2,
  );
  expect(set.images).toBe(2);
});

test("batches are joined to at least so many rows; a smaller rest is left out, and not counted", async () => {
  const joined = await inBatchesOf(await setOf([1, 2, 3, 4, 5, 6, 7], 1, 7), 3);
  expect(joined).toMatchObject({ iterations: 2, batchSize: 3, images: 6 });
  expect(joined.shapes).toEqual(
    new Map([
      ["data", [3, 2]],
      ["label", [3]],
    ]),
  );
  expect(await valuesOf(joined)).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
});

test("fewer rows in all than wanted make one batch, and large batches stay as they are", async () => {
  const few = await inBatchesOf(await setOf([1, 2], 1, 2), 16);
  expect([few.iterations, await valuesOf(few)]).toEqual([1, [[1, 2]]]);
  const large = await setOf([1, 2, 3, 4], 2, 2);
  expect(await inBatchesOf(large, 2)).toBe(large);
});

test("batches that cannot be joined stay as they are", async () => {
  const batchOf = (rows: number, extra: readonly number[]): Batch =>
    new Map([
      ["data", { shape: [rows, 2], data: new Float32Array(2 * rows).fill(rows) }],
      ["extra", { shape: extra, data: new Float32Array(extra.reduce((a, b) => a * b, 1)) }],
    ]);
  const of = (...batches: readonly Batch[]) => ({
    name: "given" as const,
    shapes: new Map(),
    iterations: batches.length,
    batchSize: 1,
    images: 1,
    async *batches() {
      yield* batches;
    },
  });
  // The first axis of "extra" does not count rows.
  const constant = await inBatchesOf(of(batchOf(1, [5]), batchOf(1, [5])), 4);
  expect(await valuesOf(constant)).toEqual([[1], [1]]);
  // Batches of other shapes.
  const varied = await inBatchesOf(of(batchOf(1, [1, 3]), batchOf(1, [1, 3]), batchOf(1, [1, 4])), 4);
  expect(await valuesOf(varied)).toEqual([[1, 1]]);
});

test("the first batches have at least so many rows, and no further one is read", async () => {
  const set = await setOf([1, 2, 3, 4, 5, 6], 2, 3);
  expect(await valuesOf(firstOf(set, 3))).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(await valuesOf(firstOf(set, 100))).toHaveLength(3);
  let read = 0;
  const watched = {
    ...set,
    async *batches() {
      for await (const batch of set.batches()) {
        read++;
        yield batch;
      }
    },
  };
  await valuesOf(firstOf(watched, 2));
  expect(read).toBe(1);
});

test("each batch is changed on the way", async () => {
  const set = await setOf([1, 2], 2, 1);
  const doubled = changed(set, (batch) => {
    const { shape = [], data = [] } = batch.get("data") ?? {};
    return new Map([["data", { shape, data: Float32Array.from(data, (value) => 2 * value) }]]);
  });
  expect(await valuesOf(doubled)).toEqual([[2, 4]]);
  expect(await valuesOf(set)).toEqual([[1, 2]]);
});
