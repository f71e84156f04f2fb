import { checkNoDatabase, createDatabase } from "../data/database.js";
import { encodeImage } from "../data/datum.js";
import { openFiles } from "../platform/open-files.js";
import { check } from "../util/errors.js";
import { readFrom } from "../util/files.js";
import { silent } from "../util/log.js";
import { upTo, watched } from "../util/work.js";
import type { ImageSetOptions } from "./options.js";

const size = 32;
const imageBytes = 3 * size * size;
const classes = 10;
const recordBytes = 1 + imageBytes;
const trainBatches = 5;

export interface CifarDatabase {
  /** Its folder: `<output_folder>/cifar10_train_lmdb`. */
  readonly path: string;
  /** Number of images. */
  readonly count: number;
}

/**
 * Converts CIFAR-10's binary files, `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`, to the databases
 * `cifar10_train_<backend>` and `cifar10_test_<backend>`, as Caffe's example tool `convert_cifar_data`. A record in the files
 * has a byte for the label, 0 to 9, and 32×32 red, green and blue values, color by color. Keys are five digits, and values
 * Datums with these planes.
 *
 * Unlike Caffe, which reads 10,000 records of each file whatever its size, it reads all records that a file has.
 *
 * @param options the progress counts the `records` of both
 * @throws MokaError MOKA_FILE, before anything is written, if a file is missing or a database is there already; MOKA_DATA if a
 * file does not have this form
 * @example
 * ```ts
 * const { train, test } = await convertCifarData("cifar-10-batches-bin", "databases");
 * console.log(train.path, test.path); // databases/cifar10_train_lmdb databases/cifar10_test_lmdb
 * ```
 */
export async function convertCifarData(
  inputFolder: string,
  outputFolder: string,
  options: Omit<ImageSetOptions, "images"> = {},
): Promise<{ readonly train: CifarDatabase; readonly test: CifarDatabase }> {
  const { backend = "lmdb", log = silent, signal } = options;
  signal?.throwIfAborted();
  const files = openFiles(options);
  const names = Array.from({ length: trainBatches }, (_, i) => `${inputFolder}/data_batch_${i + 1}.bin`);
  const testName = `${inputFolder}/test_batch.bin`;
  let total = 0;
  for (const name of [...names, testName]) {
    total += await readFrom(files, name, ({ size: bytes }) => recordsIn(name, bytes));
  }
  const pathOf = (set: "train" | "test") => `${outputFolder}/cifar10_${set}_${backend}`;
  for (const set of ["train", "test"] as const) await checkNoDatabase(files, pathOf(set));

  let done = 0;
  const write = async (set: "train" | "test", sources: readonly string[]) => {
    const path = pathOf(set);
    const writer = await createDatabase(files, backend, path);
    let count = 0;
    for (const [i, name] of sources.entries()) {
      if (set === "train") log("info", "convert_cifar_data.cpp:55", `Training Batch ${i + 1}`);
      const bytes = await files.read(name);
      const records = recordsIn(name, bytes.length);
      for await (const index of watched(upTo(records), { what: "records", done, total }, options)) {
        const at = index * recordBytes;
        const label = bytes[at] ?? 0;
        check(label < classes, "MOKA_DATA", `${name}: image ${index} has label ${label}, where 0 to 9 are`);
        const data = bytes.subarray(at + 1, at + recordBytes);
        const value = encodeImage({ channels: 3, height: size, width: size, data, label });
        await writer.add(String(count++).padStart(5, "0"), value);
      }
      done += records;
    }
    signal?.throwIfAborted();
    await writer.finish();
    return { path, count };
  };
  log("info", "convert_cifar_data.cpp:52", "Writing Training data");
  const train = await write("train", names);
  log("info", "convert_cifar_data.cpp:73", "Writing Testing data");
  return { train, test: await write("test", [testName]) };
}

/** The number of records in a file of so many bytes. */
function recordsIn(name: string, bytes: number): number {
  check(
    bytes > 0 && bytes % recordBytes === 0,
    "MOKA_DATA",
    `${name}: ${bytes} bytes, no whole number of CIFAR-10's images of ${recordBytes} bytes; it must be the binary version, unpacked`,
  );
  return bytes / recordBytes;
}
