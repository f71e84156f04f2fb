import { check } from "../../util/errors.js";
import type { Files } from "../../util/files.js";
import { checkNoDatabase } from "../database.js";
import { imageRecords } from "../datum.js";
import { writeHdf5 } from "../hdf5.js";
import { type LabelledImages, writeIdx } from "../idx.js";
import { writeLmdb } from "../lmdb/writer.js";
import { digits } from "./digits.js";

export type DigitsFormat = "lmdb" | "idx" | "hdf5";

export interface DigitSetsOptions {
  /** Number of images to train with. Default 10000. */
  readonly train?: number | undefined;
  /** Number of images to test with. Default 2000. */
  readonly test?: number | undefined;
  /** Default 1. */
  readonly seed?: number | undefined;
  /** Default lmdb. */
  readonly format?: DigitsFormat | undefined;
}

/**
 * Writes new data sets of handwritten digits (see `digits`) for training and for testing into a folder, and returns the
 * paths that a prototxt names as their sources:
 *
 * - `lmdb`: `train_lmdb`, `test_lmdb`, as `convert_mnist_data` makes them from MNIST
 * - `idx`: files with MNIST's names; the paths are those of the images
 * - `hdf5`: `train.h5`, `test.h5` with `data` (N×1×28×28, from 0 to 1) and `label` (N); the paths are those
 *   of the lists, `train.txt` and `test.txt`, which name the files relative to the working directory
 *
 * @throws MokaError MOKA_FILE, before anything is drawn, if there is a data set already
 */
export async function writeDigits(
  files: Files,
  folder: string,
  { train = 10_000, test = 2_000, seed = 1, format = "lmdb" }: DigitSetsOptions = {},
): Promise<{ readonly train: string; readonly test: string }> {
  const write = { lmdb: writeAsLmdb, idx: writeAsIdx, hdf5: writeAsHdf5 }[format];
  // HDF5Data takes white space in its lists for the end of a path.
  const isListed = format !== "hdf5" || !/\s/.test(folder);
  check(isListed, "MOKA_USAGE", `${JSON.stringify(folder)}: lists of HDF5 files cannot name a folder with blanks`);
  await checkIsNew(files, folder, format);
  await files.makeFolder(folder);
  // 2 × seed and 2 × seed + 1: the data sets of all seeds are different.
  return {
    train: await write(files, folder, "train", digits({ count: train, seed: 2 * seed })),
    test: await write(files, folder, "test", digits({ count: test, seed: 2 * seed + 1 })),
  };
}

type Set = "train" | "test";

/** Throws if a data set of this format is there already. */
async function checkIsNew(files: Files, folder: string, format: DigitsFormat): Promise<void> {
  for (const set of ["train", "test"] as const) {
    if (format === "lmdb") await checkNoDatabase(files, lmdbFolder(folder, set));
    const names = (await files.isFolder(folder)) ? await files.list(folder) : [];
    const own = { lmdb: [], idx: idxFiles(set), hdf5: [`${set}.h5`, `${set}.txt`] }[format];
    const found = own.find((name) => names.includes(name));
    check(found === undefined, "MOKA_FILE", `cannot create ${folder}/${found}: it is there already`);
  }
}

const lmdbFolder = (folder: string, set: Set) => `${folder}/${set}_lmdb`;

/** The names of MNIST's files: of the images, and of the labels. */
function idxFiles(set: Set): readonly [images: string, labels: string] {
  const prefix = set === "train" ? "train" : "t10k";
  return [`${prefix}-images-idx3-ubyte`, `${prefix}-labels-idx1-ubyte`];
}

async function writeAsLmdb(files: Files, folder: string, set: Set, images: LabelledImages): Promise<string> {
  const path = lmdbFolder(folder, set);
  await files.makeFolder(path);
  await files.write(`${path}/data.mdb`, writeLmdb(imageRecords(images)));
  return path;
}

async function writeAsIdx(files: Files, folder: string, set: Set, images: LabelledImages): Promise<string> {
  const { count, height, width, pixels, labels } = images;
  const [path, labelPath] = idxFiles(set).map((name) => `${folder}/${name}`) as [string, string];
  await files.write(path, writeIdx({ shape: [count, height, width], data: pixels }));
  await files.write(labelPath, writeIdx({ shape: [count], data: labels }));
  return path;
}

async function writeAsHdf5(files: Files, folder: string, set: Set, images: LabelledImages): Promise<string> {
  const { count, height, width, pixels, labels } = images;
  const data = new Float32Array(pixels.length);
  for (let i = 0; i < data.length; i++) data[i] = (pixels[i] ?? 0) / 255;
  const bytes = await writeHdf5({
    data: { shape: [count, 1, height, width], data },
    label: { shape: [count], data: Float32Array.from(labels) },
  });
  const path = `${folder}/${set}.h5`;
  await files.write(path, bytes);
  await files.write(`${folder}/${set}.txt`, new TextEncoder().encode(`${path}\n`));
  return `${folder}/${set}.txt`;
}
