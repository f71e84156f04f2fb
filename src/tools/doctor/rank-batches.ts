import type { KnownRanks } from "../../core/known-ranks.js";
import { countOf } from "../../util/shape.js";
import type { Batch } from "../batch-norm/batches.js";
import { copied, type DataSet, isAlike, joined } from "./data-set.js";

/**
 * The batches that one process reads, as the ranks of a training normalize by them. Of N ranks each takes every N-th record, from
 * its number on, so N batches in a row are those of one iteration. With synchronized statistics they are one batch of all their
 * rows; else rank r has the rows r, r + N, … of them. Batches at the end that are fewer than N are left out.
 *
 * @returns undefined if there are fewer batches than ranks, or if their rows cannot be divided: batches of different shapes, or blobs
 *   whose first axis does not count rows
 */
export async function batchesOfRanks(set: DataSet, { count, isSync }: KnownRanks): Promise<DataSet | undefined> {
  const iterations = Math.floor(set.iterations / count);
  if (count === 1) return set;
  if (iterations === 0 || !(await isDivisible(set))) return undefined;
  const size = isSync ? count : 1;
  return {
    ...set,
    shapes: new Map([...set.shapes].map(([name, [rows = 1, ...rest]]) => [name, [rows * size, ...rest]])),
    iterations: isSync ? iterations : iterations * count,
    batchSize: set.batchSize * size,
    async *batches() {
      let group: Batch[] = [];
      for await (const batch of set.batches()) {
        group.push(copied(batch));
        if (group.length < count) continue;
        const all = joined(group);
        group = [];
        if (isSync) yield all;
        else for (let rank = 0; rank < count; rank++) yield share(all, rank, count);
      }
    },
  };
}

async function isDivisible(set: DataSet): Promise<boolean> {
  let first: Batch | undefined;
  for await (const batch of set.batches()) {
    first ??= copied(batch);
    if (!isAlike(first, batch)) return false;
  }
  return true;
}

/** The rows rank, rank + count, … of a batch. */
function share(batch: Batch, rank: number, count: number): Batch {
  return new Map(
    [...batch].map(([name, { shape, data }]) => {
      const [all = 1, ...rest] = shape;
      const [rows, width] = [all / count, countOf(shape, 1)];
      const own = new Float32Array(rows * width);
      for (let row = 0; row < rows; row++) {
        const from = (row * count + rank) * width;
        own.set(data.subarray(from, from + width), row * width);
      }
      return [name, { shape: [rows, ...rest], data: own }];
    }),
  );
}
