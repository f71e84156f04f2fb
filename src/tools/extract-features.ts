import { create, toBinary } from "@bufbuild/protobuf";
import { dump } from "npyjs";
import { createFiles } from "#platform";
import type { Net } from "../core/net.js";
import { type Backend, createDatabase } from "../data/database.js";
import { writeHdf5 } from "../data/hdf5.js";
import { DatumSchema } from "../proto/gen/caffe_pb.js";
import { check } from "../util/errors.js";
import type { Files } from "../util/files.js";
import { type Log, silent } from "../util/log.js";
import { countOf, formatShape, type Shape, sameShape } from "../util/shape.js";
import type { FileOptions } from "./options.js";

export interface ExtractFeaturesOptions extends FileOptions {
  /** Names of blobs, and for each where its values go. */
  readonly blobs: readonly string[];
  readonly outputs: readonly string[];
  /** Number of forward passes. */
  readonly batches: number;
  /**
   * `lmdb` and `leveldb`: databases, as Caffe's; `h5`: HDF5 files with one data set, named as the blob; `npy`: NumPy's
   * arrays. Both of these have the batches one after the other.
   */
  readonly format: Backend | "h5" | "npy";
}

/** Takes the values of one blob, batch by batch. */
interface Sink {
  add(shape: Shape, values: Float32Array): Promise<void>;
  finish(): Promise<void>;
  /** Number of rows so far. */
  readonly count: number;
}

/**
 * Runs a net and keeps what its blobs hold, as Caffe's `extract_features`: a record for each image of a batch, with
 * keys `0000000000`, `0000000001`, … and Datums with `float_data` and the blob's channels, height and width (1 where
 * it has fewer axes).
 *
 * @returns the number of records of each blob
 * @throws MokaError MOKA_USAGE for blobs the net has not, MOKA_FILE if a database is there already
 */
export async function extractFeatures(net: Net, options: ExtractFeaturesOptions): Promise<number[]> {
  const { blobs: names, outputs, batches, format, files = createFiles(), log = silent } = options;
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
  const sinks: Sink[] = [];
  for (const [index, output] of outputs.entries()) {
    log("info", "extract_features.cpp:125", `Opening dataset ${output}`);
    const name = names[index] ?? "";
    const isFile = format === "h5" || format === "npy";
    const sink = isFile ? fileSink(files, output, name, format) : databaseSink(files, output, name, format, log);
    sinks.push(await sink);
  }
  log("info", "extract_features.cpp:133", "Extracting Features");
  for (let batch = 0; batch < batches; batch++) {
    await net.runForward();
    for (const [index, blob] of blobs.entries()) await sinks[index]?.add(blob.shape, blob.data);
  }
  for (const sink of sinks) await sink.finish();
  sinks.forEach(({ count }, index) => {
    log("info", "extract_features.cpp:176", extracted(count, names[index]));
  });
  log("info", "extract_features.cpp:181", "Successfully extracted the features!");
  return sinks.map(({ count }) => count);
}

function extracted(count: number, name: string | undefined): string {
  return `Extracted features of ${count} query images for feature blob ${name}`;
}

async function databaseSink(files: Files, output: string, name: string, backend: Backend, log: Log): Promise<Sink> {
  const writer = await createDatabase(files, backend, output);
  const sink = {
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
        await writer.add(String(sink.count).padStart(10, "0"), toBinary(DatumSchema, datum));
        sink.count += 1;
        if (sink.count % 1000 === 0) log("info", "extract_features.cpp:165", extracted(sink.count, name));
      }
    },
    finish: () => writer.finish(),
  };
  return sink;
}

/** All batches as one array, written when they are complete. */
async function fileSink(files: Files, output: string, name: string, format: "h5" | "npy"): Promise<Sink> {
  await files.probe(output);
  const batches: Float32Array[] = [];
  let first: Shape | undefined;
  const sink = {
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
      sink.count += shape[0] ?? 1;
    },
    async finish() {
      const shape = [sink.count, ...(first ?? [])];
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
  return sink;
}
