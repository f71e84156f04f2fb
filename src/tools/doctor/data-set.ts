import { countOf, type Shape, sameShape } from "../../util/shape.js";
import type { Batch, BatchSource } from "../batch-norm/batches.js";

/** Batches of data that can be run again, each time the same ones. */
export interface DataSet {
  /** `given`: the data that the question is about. `training`: those of TRAIN's own data layers. */
  readonly name: "given" | "training";
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly iterations: number;
  /** Rows in a batch. */
  readonly batchSize: number;
  /** The number of rows that are not repetitions of each other. */
  readonly images: number;
  batches(): AsyncIterable<Batch>;
}

/** Values that are kept in memory, 256 MiB of them; larger sets are read again. */
const mostKept = 2 ** 26;

/**
 * @param open opens the data at their beginning; it closes them itself
 * @param iterations the number of batches that are wanted, by the number of rows in one
 */
export async function dataSet(
  name: DataSet["name"],
  open: () => Promise<BatchSource>,
  iterations: (source: BatchSource) => number,
): Promise<DataSet> {
  const source = await open();
  const count = iterations(source);
  const kept: Batch[] = [];
  const rows = new Set<string>();
  let batchSize = 1;
  let isKept = true;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const batch = await source.next();
    for (const { data } of batch.values()) total += data.length;
    isKept &&= total <= mostKept;
    batchSize = rowsOf(batch);
    addRows(batch, rows);
    if (isKept) kept.push(copied(batch));
  }
  async function* batches() {
    if (isKept) yield* kept;
    else {
      const again = await open();
      for (let i = 0; i < count; i++) yield await again.next();
    }
  }
  return { name, shapes: source.shapes, iterations: count, batchSize, images: rows.size, batches };
}

function rowsOf(batch: Batch): number {
  const [first] = batch.values();
  return first?.shape[0] ?? 1;
}

function copied(batch: Batch): Batch {
  return new Map([...batch].map(([name, { shape, data }]) => [name, { shape: [...shape], data: data.slice() }]));
}

/** Adds a short mark of each row: two sums that differ where the values do. */
function addRows(batch: Batch, rows: Set<string>): void {
  const count = rowsOf(batch);
  const blobs = [...batch.values()].filter(({ shape }) => shape[0] === count);
  for (let row = 0; row < count; row++) {
    let [sum, weighted, at] = [0, 0, 0];
    for (const { shape, data } of blobs) {
      const width = countOf(shape, 1);
      for (let i = row * width; i < (row + 1) * width; i++) {
        const value = data[i] as number;
        sum += value;
        weighted += value * ((at++ % 9973) + 1);
      }
    }
    rows.add(`${sum} ${weighted}`);
  }
}

/**
 * The same data in batches of at least `rows`, so that statistics of a batch mean something. Batches of other shapes, or of blobs
 * that do not count rows, stay as they are.
 */
export async function inBatchesOf(set: DataSet, rows: number): Promise<DataSet> {
  if (set.batchSize >= rows) return set;
  const merged: Batch[] = [];
  let group: Batch[] = [];
  const close = () => {
    if (group.length > 0) merged.push(joined(group));
    group = [];
  };
  for await (const batch of set.batches()) {
    if (group[0] && !isAlike(group[0], batch)) close();
    group.push(copied(batch));
    if (group.length * set.batchSize >= rows) close();
  }
  // A last batch of few rows has no statistics of its own.
  if (merged.length === 0) close();
  const [first] = merged;
  if (!first) return set;
  const shapes = new Map([...first].map(([name, { shape }]) => [name, shape]));
  return {
    ...set,
    shapes,
    iterations: merged.length,
    batchSize: rowsOf(first),
    async *batches() {
      yield* merged;
    },
  };
}

function isAlike(a: Batch, b: Batch): boolean {
  const rows = rowsOf(a);
  return [...a].every(([name, { shape }]) => shape[0] === rows && sameShape(shape, b.get(name)?.shape ?? []));
}

function joined(batches: readonly Batch[]): Batch {
  const [first] = batches as readonly [Batch];
  if (batches.length === 1) return first;
  return new Map(
    [...first].map(([name, { shape }]) => {
      const parts = batches.map((batch) => batch.get(name)?.data ?? []);
      const data = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const part of parts) {
        data.set(part, at);
        at += part.length;
      }
      return [name, { shape: [(shape[0] ?? 1) * batches.length, ...shape.slice(1)], data }];
    }),
  );
}

/** The same data with each batch changed on the way. */
export function changed(set: DataSet, change: (batch: Batch) => Batch): DataSet {
  return {
    ...set,
    async *batches() {
      for await (const batch of set.batches()) yield change(batch);
    },
  };
}

/** Images that a screening looks at; what it finds is measured on all. */
export const screened = 64;

/** The first batches of a set, with at least `images` rows. */
export function firstOf(set: DataSet, images: number): DataSet {
  const iterations = Math.min(set.iterations, Math.ceil(images / set.batchSize));
  return {
    ...set,
    iterations,
    async *batches() {
      let left = iterations;
      for await (const batch of set.batches()) {
        if (left-- <= 0) return;
        yield batch;
      }
    },
  };
}
