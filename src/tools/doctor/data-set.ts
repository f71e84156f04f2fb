import { countOf, type Shape, sameShape } from "../../util/shape.js";
import type { Batch, BatchSource } from "../batch-norm/batches.js";

/** Batches that can be run again, each time the same ones. */
export interface Batches {
  /** The shapes of the blobs in the first batch. */
  readonly shapes: ReadonlyMap<string, Shape>;
  batches(): AsyncIterable<Batch>;
}

/** The data of one source. */
export interface DataSet extends Batches {
  /** `given`: the data that the question is about. `training`: those of TRAIN's own data layers. */
  readonly name: "given" | "training";
  readonly iterations: number;
  /** Rows in a batch. */
  readonly batchSize: number;
  /** The number of rows that are not repetitions of each other. */
  readonly images: number;
}

/** Values that are kept in memory, 256 MiB of them; larger sets are read again. */
const mostKept = 2 ** 26;

/**
 * Reads the first batches of a source.
 *
 * @param open opens the source at its beginning; it is closed here
 * @param iterations the number of batches that are wanted of a source
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
    if (total > mostKept) {
      isKept = false;
      kept.length = 0;
    }
    batchSize = rowsOf(batch);
    addRows(batch, rows);
    if (isKept) kept.push(copied(batch));
  }
  await source.close();
  async function* batches() {
    if (isKept) {
      yield* kept;
      return;
    }
    const again = await open();
    try {
      for (let i = 0; i < count; i++) yield await again.next();
    } finally {
      await again.close();
    }
  }
  return { name, shapes: source.shapes, iterations: count, batchSize, images: rows.size, batches };
}

function rowsOf(batch: Batch): number {
  const [first] = batch.values();
  return first?.shape[0] ?? 1;
}

/** A batch that stays when the next one is fetched. */
export function copied(batch: Batch): Batch {
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
 * The same data in batches of at least `rows`, so that statistics of a batch mean something. What is left at the end for a smaller
 * batch is left out, if there are others. Batches that cannot be joined stay as they are: of different shapes, or with blobs whose
 * first axis does not count rows.
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
  // A last batch of fewer rows has no statistics of its own.
  const [full] = merged;
  if (!full || (group[0] && rowsOf(group[0]) * group.length >= rowsOf(full))) close();
  const [first] = merged;
  if (!first) return set;
  const marks = new Set<string>();
  for (const batch of merged) addRows(batch, marks);
  return {
    ...set,
    shapes: new Map([...first].map(([name, { shape }]) => [name, shape])),
    iterations: merged.length,
    batchSize: rowsOf(first),
    images: marks.size,
    async *batches() {
      yield* merged;
    },
  };
}

/**
 * The same data in batches of `rows`; what is left of a batch is left out. Batches that are no larger, or cannot be divided, stay as
 * they are: with blobs whose first axis does not count rows.
 */
export function inPartsOf(set: DataSet, rows: number): DataSet {
  const isDivisible = [...set.shapes.values()].every(([count]) => count === set.batchSize);
  if (set.batchSize <= rows || !isDivisible) return set;
  const parts = Math.floor(set.batchSize / rows);
  return {
    ...set,
    shapes: new Map([...set.shapes].map(([name, [, ...rest]]) => [name, [rows, ...rest]])),
    iterations: set.iterations * parts,
    batchSize: rows,
    async *batches() {
      for await (const batch of set.batches()) {
        for (let part = 0; part < parts; part++) yield partOf(batch, part * rows, rows);
      }
    },
  };
}

function partOf(batch: Batch, from: number, rows: number): Batch {
  return new Map(
    [...batch].map(([name, { shape, data }]) => {
      const width = countOf(shape, 1);
      const own = data.slice(from * width, (from + rows) * width);
      return [name, { shape: [rows, ...shape.slice(1)], data: own }];
    }),
  );
}

/** Whether two batches have the same shapes, whose first axes count the same rows. */
export function isAlike(a: Batch, b: Batch): boolean {
  const rows = rowsOf(a);
  return [...a].every(([name, { shape }]) => shape[0] === rows && sameShape(shape, b.get(name)?.shape ?? []));
}

/** The rows of all batches in one; they must be alike. */
export function joined(batches: readonly Batch[]): Batch {
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

/** The same data with each batch changed on the way; shapes stay. */
export function changed({ shapes, batches }: Batches, change: (batch: Batch) => Batch): Batches {
  return {
    shapes,
    async *batches() {
      for await (const batch of batches()) yield change(batch);
    },
  };
}

/** Images that a screening looks at; what it finds is measured on all. */
export const screened = 64;

/** The first batches of a set, with at least `images` rows. */
export function firstOf({ shapes, batches, batchSize }: DataSet, images: number): Batches {
  return {
    shapes,
    async *batches() {
      let left = Math.ceil(images / batchSize);
      for await (const batch of batches()) {
        yield batch;
        if (--left <= 0) return;
      }
    },
  };
}
