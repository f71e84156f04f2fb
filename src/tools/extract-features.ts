import { create, toBinary } from "@bufbuild/protobuf";
import { dump } from "npyjs";
import type { Net } from "../core/net.js";
import { type Backend, createDatabase } from "../data/database.js";
import { writeHdf5 } from "../data/hdf5.js";
import { openFiles } from "../platform/open-files.js";
import { DatumSchema } from "../proto/gen/caffe_pb.js";
import { check } from "../util/errors.js";
import type { Files } from "../util/files.js";
import { type Log, silent } from "../util/log.js";
import { countOf, formatShape, type Shape, sameShape } from "../util/shape.js";
import { upTo, watched } from "../util/work.js";
import type { FileOptions } from "./options.js";

export interface ExtractFeaturesOptions extends FileOptions {
  /** Names of blobs, and for each the path of its database or file. */
  readonly blobs: readonly string[];
  /** Paths of the databases or files, one for each blob. */
  readonly outputs: readonly string[];
  /** The number of forward passes. */
  readonly batches: number;
  /**
   * `lmdb` and `leveldb`: databases, as Caffe writes; `h5`: HDF5 files with one data set, named after the blob; `npy`:
   * NumPy arrays. In `h5` and `npy` the batches are joined along axis 0.
   */
  readonly format: Backend | "h5" | "npy";
}

/** Writes the values of one blob, batch by batch. */
interface Writer {
  add(shape: Shape, values: Float32Array): Promise<void>;
  finish(): Promise<void>;
  /** The number of rows so far. */
  readonly count: number;
}

/**
 * Runs a net and stores the values of its blobs, as Caffe's `extract_features`: one record for each image of a batch,
 * with keys `0000000000`, `0000000001`, … and Datums with `float_data` and the blob's channels, height and width (1 for
 * a missing axis).
 *
 * @param options the progress counts `batches`
 * @returns the number of records of each blob
 * @throws MokaError MOKA_USAGE for blobs that the net does not have, MOKA_FILE if a database exists
 * @example
 * ```ts
 * const [count] = await extractFeatures(net, { blobs: ["fc"], outputs: ["fc.npy"], batches: 2, format: "npy" });
 * console.log(count, (await loadArray("fc.npy")).shape); // 2 [ 2, 10 ]
 * ```
 */
export async function extractFeatures(net: Net, options: ExtractFeaturesOptions): Promise<number[]> {
  const { blobs: names, outputs, batches, format, log = silent } = options;
  const files = openFiles(options);
  check(
    names.length === outputs.length,
    "MOKA_USAGE",
    `there are ${names.length} blobs and ${outputs.length} outputs: give one output for each blob`,
  );
  check(new Set(outputs).size === outputs.length, "MOKA_USAGE", `two blobs cannot go to one output: ${outputs}`);
  check(Number.isInteger(batches) && batches > 0, "MOKA_USAGE", `batches must be 1 or more, not ${batches}`);
  const blobs = names.map((name) => {
    const blob = net.blobs.get(name);
    check(blob, "MOKA_USAGE", `the net has no blob "${name}"; it has ${[...net.blobs.keys()].join(", ")}`);
    return blob;
  });
  const writers: Writer[] = [];
  for (const [index, output] of outputs.entries()) {
    log("info", "extract_features.cpp:125", `Opening dataset ${output}`);
    const name = names[index] ?? "";
    const isFile = format === "h5" || format === "npy";
    const writer = isFile ? fileWriter(files, output, name, format) : databaseWriter(files, output, name, format, log);
    writers.push(await writer);
  }
  log("info", "extract_features.cpp:133", "Extracting Features");
  for await (const _ of watched(upTo(batches), { what: "batches", total: batches }, options)) {
    await net.runForward();
    for (const [index, blob] of blobs.entries()) await writers[index]?.add(blob.shape, blob.data);
  }
  options.signal?.throwIfAborted();
  for (const writer of writers) await writer.finish();
  writers.forEach(({ count }, index) => {
    log("info", "extract_features.cpp:176", extracted(count, names[index]));
  });
  log("info", "extract_features.cpp:181", "Successfully extracted the features!");
  return writers.map(({ count }) => count);
}

function extracted(count: number, name: string | undefined): string {
  return `Extracted features of ${count} query images for feature blob ${name}`;
}

async function databaseWriter(files: Files, output: string, name: string, backend: Backend, log: Log): Promise<Writer> {
  const database = await createDatabase(files, backend, output);
  const writer = {
    count: 0,
    async add(shape: Shape, values: Float32Array) {
      check(
        shape.length <= 4,
        "MOKA_SHAPE",
        `blob "${name}" of shape ${formatShape(shape)}: a Datum has 4 axes at most`,
      );
      const [rows = 1, channels = 1, height = 1, width = 1] = shape;
      const size = countOf(shape, 1);
      for (let row = 0; row < rows; row++) {
        const floatData = Array.from(values.subarray(row * size, (row + 1) * size));
        const datum = create(DatumSchema, { channels, height, width, floatData });
        await database.add(String(writer.count).padStart(10, "0"), toBinary(DatumSchema, datum));
        writer.count += 1;
        if (writer.count % 1000 === 0) log("info", "extract_features.cpp:165", extracted(writer.count, name));
      }
    },
    finish: () => database.finish(),
  };
  return writer;
}

/** Writes all batches as one array, when they are complete. */
async function fileWriter(files: Files, output: string, name: string, format: "h5" | "npy"): Promise<Writer> {
  await files.probe(output);
  const batches: Float32Array[] = [];
  let first: Shape | undefined;
  const writer = {
    count: 0,
    async add(shape: Shape, values: Float32Array) {
      const row = shape.slice(1);
      first ??= row;
      check(
        sameShape(row, first),
        "MOKA_SHAPE",
        `blob "${name}" has rows of ${formatShape(row)} after rows of ${formatShape(first)}: they make no array`,
      );
      batches.push(values.slice());
      writer.count += shape[0] ?? 1;
    },
    async finish() {
      const shape = [writer.count, ...(first ?? [])];
      const data = new Float32Array(countOf(shape));
      let filled = 0;
      for (const batch of batches) {
        data.set(batch, filled);
        filled += batch.length;
      }
      const bytes =
        format === "h5"
          ? await writeHdf5({ [name]: { shape, data } })
          : new Uint8Array(dump(data, shape, { dtype: "f4" }));
      await files.write(output, bytes);
    },
  };
  return writer;
}
