import { check } from "../util/errors.js";
import type { NdArray } from "../util/nd-array.js";
import { countOf, type Shape } from "../util/shape.js";
import type { Blob } from "./blob.js";

/** The part of a net that runs batches. */
interface Runnable {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly blobs: ReadonlyMap<string, Blob>;
  readonly inTurn: { forward(): Promise<void>; backward(): Promise<void> };
}

/** Values for a net by blob: rows of the blob's size, as many as there are; all blobs have the same number of rows. */
export type Rows = Readonly<Record<string, ArrayLike<number> | { readonly data: ArrayLike<number> }>>;

/** What `forwardBackwardAll` collects: values by blob, and gradients by blob, a row for each row given. */
export interface AllRows {
  readonly blobs: Record<string, NdArray>;
  readonly diffs: Record<string, NdArray>;
}

/** Blobs to collect beside the outputs' data and, after backward, the inputs' diffs. */
export interface AllOptions {
  /** Names of blobs whose values are collected. */
  readonly blobs?: readonly string[] | undefined;
  /** Names of blobs whose gradients are collected. */
  readonly diffs?: readonly string[] | undefined;
}

/** Runs a net batch by batch within its turn, with backward if `isBackward`; see `Net.forwardAll` and `Net.forwardBackwardAll`. */
export async function runAll(net: Runnable, rows: Rows, options: AllOptions, isBackward: boolean): Promise<AllRows> {
  const [first] = net.blobs.values();
  const batch = first?.shape[0] ?? 1;
  check(batch > 0, "MOKA_SHAPE", "the net's first blob is empty, so there is no size of a batch");
  checkNames(net, Object.keys(rows), isBackward);
  const sources = Object.entries(rows).map(([name, values]) => source(net, name, values, batch));
  const [count = 0, ...others] = new Set(sources.map((each) => each.count));
  check(
    count > 0 && others.length === 0,
    "MOKA_SHAPE",
    `every blob needs the same number of rows, at least one; given are ${[count, ...others].join(", ")}`,
  );
  const collect = (names: readonly string[], more: readonly string[] | undefined, what: "data" | "diff") =>
    [...new Set([...names, ...(more ?? [])])].map((name) => collector(net, name, what, count, batch));
  const blobs = collect(net.outputs, options.blobs, "data");
  const diffs = isBackward ? collect(net.inputs, options.diffs, "diff") : [];
  for (let start = 0; start < count; start += batch) {
    for (const { name, rowsFrom } of sources) {
      if (net.inputs.includes(name)) blobOf(net, name).data.set(rowsFrom(start));
    }
    await net.inTurn.forward();
    for (const { take } of blobs) take(start);
    if (!isBackward) continue;
    for (const { name, rowsFrom } of sources) {
      if (!net.inputs.includes(name)) blobOf(net, name).diff.set(rowsFrom(start));
    }
    await net.inTurn.backward();
    for (const { take } of diffs) take(start);
  }
  const byName = (collected: typeof blobs) => Object.fromEntries(collected.map(({ name, array }) => [name, array]));
  return { blobs: byName(blobs), diffs: byName(diffs) };
}

/** All inputs must be given; backward can also start without any, from the values that they have. */
function checkNames({ inputs, outputs }: Runnable, given: readonly string[], isBackward: boolean): void {
  const known = isBackward ? [...inputs, ...outputs] : inputs;
  for (const name of given) {
    check(
      known.includes(name),
      "MOKA_BLOB",
      `rows for "${name}", where they are possible for ${known.join(", ") || "none"}`,
    );
  }
  const missing = inputs.filter((name) => !given.includes(name));
  const isPrefilled = isBackward && missing.length === inputs.length;
  check(missing.length === 0 || isPrefilled, "MOKA_BLOB", `the rows of the inputs ${missing.join(", ")} are missing`);
}

function source(net: Runnable, name: string, rows: Rows[string], batch: number) {
  const { shape } = blobOf(net, name);
  const size = rowSize(name, shape, batch);
  const values = "data" in rows ? rows.data : rows;
  const count = values.length / size;
  check(
    Number.isInteger(count) && count > 0,
    "MOKA_SHAPE",
    `"${name}" takes rows of ${shape.slice(1).join(" × ") || "1"} values; ${values.length} values are no rows of ${size}`,
  );
  const rowsFrom = (start: number) => {
    const chosen = new Float32Array(batch * size);
    const end = Math.min(values.length, (start + batch) * size);
    for (let i = start * size; i < end; i++) chosen[i - start * size] = values[i] ?? 0;
    return chosen;
  };
  return { name, count, rowsFrom };
}

function collector(net: Runnable, name: string, what: "data" | "diff", count: number, batch: number) {
  const blob = blobOf(net, name);
  const size = rowSize(name, blob.shape, batch);
  const data = new Float32Array(count * size);
  const array: NdArray = { shape: [count, ...blob.shape.slice(1)], data };
  const take = (start: number) => {
    rowSize(name, blob.shape, batch);
    data.set(blob[what].subarray(0, Math.min(batch, count - start) * size), start * size);
  };
  return { name, array, take };
}

/** The number of values of one row of a blob that has a row for each item of a batch. */
function rowSize(name: string, shape: Shape, batch: number): number {
  check(
    shape[0] === batch,
    "MOKA_SHAPE",
    `blob "${name}" of shape ${shape.join(" × ") || "()"} has no row for each of a batch of ${batch}`,
  );
  return countOf(shape, 1);
}

function blobOf(net: Runnable, name: string): Blob {
  const blob = net.blobs.get(name);
  check(blob, "MOKA_BLOB", `the net has no blob "${name}"; there are ${[...net.blobs.keys()].join(", ")}`);
  return blob;
}
