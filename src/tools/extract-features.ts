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

export interface ExtractFeaturesOptions {
  /** Names of blobs, and for each the path of its database or file. */
  readonly blobs: readonly string[];
  readonly outputs: readonly string[];
  /** The number of forward passes. */
  readonly batches: number;
  /**
   * `lmdb` and `leveldb`: databases, as Caffe writes; `h5`: HDF5 files with one data set, named after the blob; `npy`:
   * NumPy arrays. In `h5` and `npy` the batches are joined along axis 0.
   */
  readonly format: Backend | "h5" | "npy";
  /** Default: the platform's. */
  readonly files?: Files | undefined;
  readonly log?: Log | undefined;
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
 * @returns the number of records of each blob
 * @throws MokaError MOKA_USAGE for blobs that the net does not have, MOKA_FILE if a database exists
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
  const writers: Writer[] = [];
  for (const [index, output] of outputs.entries()) {
    log("info", "extract_features.cpp:125", `Opening dataset ${output}`);
    const name = names[index] ?? "";
    const isFile = format === "h5" || format === "npy";
    if (isFile) await files.probe(output);
    writers.push(
      isFile ? new FileWriter(files, output, name, format) : await databaseWriter(files, output, name, format, log),
    );
  }
  log("info", "extract_features.cpp:133", "Extracting Features");
  for (let batch = 0; batch < batches; batch++) {
    await net.runForward();
    for (const [index, blob] of blobs.entries()) await writers[index]?.add(blob.shape, blob.data);
  }
  for (const writer of writers) await writer.finish();
  writers.forEach(({ count }, index) => {
    log(
      "info",
      "extract_features.cpp:176",
      `Extracted features of ${count} query images for feature blob ${names[index]}`,
    );
  });
  log("info", "extract_features.cpp:181", "Successfully extracted the features!");
  return writers.map(({ count }) => count);
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
        if (writer.count % 1000 === 0) {
          const message = `Extracted features of ${writer.count} query images for feature blob ${name}`;
          log("info", "extract_features.cpp:165", message);
        }
      }
    },
    finish: () => database.finish(),
  };
  return writer;
}

/** Writes all batches as one array, when they are complete. */
class FileWriter implements Writer {
  count = 0;
  readonly #files: Files;
  readonly #path: string;
  readonly #name: string;
  readonly #format: "h5" | "npy";
  readonly #batches: Float32Array[] = [];
  #row: Shape | undefined;

  constructor(files: Files, path: string, name: string, format: "h5" | "npy") {
    this.#files = files;
    this.#path = path;
    this.#name = name;
    this.#format = format;
  }

  async add(shape: Shape, values: Float32Array): Promise<void> {
    const row = shape.slice(1);
    this.#row ??= row;
    check(
      sameShape(row, this.#row),
      "MOKA_SHAPE",
      `blob "${this.#name}" has rows of ${formatShape(row)} after rows of ${formatShape(this.#row)}: they make no array`,
    );
    this.#batches.push(values.slice());
    this.count += shape[0] ?? 1;
  }

  async finish(): Promise<void> {
    const row = this.#row ?? [];
    const shape = [this.count, ...row];
    const data = new Float32Array(countOf(shape));
    let filled = 0;
    for (const batch of this.#batches) {
      data.set(batch, filled);
      filled += batch.length;
    }
    const bytes =
      this.#format === "h5"
        ? await writeHdf5({ [this.#name]: { shape, data } })
        : new Uint8Array(dump(data, shape, { dtype: "f4" }));
    await this.#files.write(this.#path, bytes);
  }
}
