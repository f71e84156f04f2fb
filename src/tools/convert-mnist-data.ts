import { type Backend, createDatabase } from "../data/database.js";
import { imageRecords } from "../data/datum.js";
import { readIdxImages } from "../data/idx.js";
import { type FilesOptions, openFiles } from "../platform/open-files.js";
import { check } from "../util/errors.js";

export interface ConvertMnistDataOptions extends FilesOptions {
  /** Images at the start to leave out. Default 0. */
  readonly skip?: number | undefined;
  /** The most images to take. Default: all that are left. */
  readonly count?: number | undefined;
  /** Default lmdb. */
  readonly backend?: Backend | undefined;
}

/**
 * Converts images and labels in IDX, the format of MNIST, gzipped or not, to a database, byte for byte as Caffe's example tool
 * `convert_mnist_data`.
 *
 * @param output the folder of the database
 * @returns what was written: the number of images, and their size
 * @throws MokaError `MOKA_DATA` if the files do not have this form or do not fit each other; `MOKA_FILE` if one is missing, or the
 *   database is there already
 * @example
 * ```ts
 * const { count } = await convertMnistData("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", "test_lmdb");
 * console.log(`${count} images`);
 * ```
 */
export async function convertMnistData(
  imageFile: string,
  labelFile: string,
  output: string,
  options: ConvertMnistDataOptions = {},
): Promise<{ readonly count: number; readonly height: number; readonly width: number }> {
  const { skip = 0, count: most, backend = "lmdb" } = options;
  const files = openFiles(options);
  const load = async (file: string) => ({ bytes: await files.read(file), file });
  const images = await readIdxImages(await load(imageFile), await load(labelFile));
  const end = Math.min(images.count, skip + (most ?? images.count));
  check(skip < end, "MOKA_USAGE", `--skip ${skip} leaves none of the ${images.count} images`);
  const writer = await createDatabase(files, backend, output);
  for (const { key, value } of imageRecords(images, skip, end)) await writer.add(key, value);
  await writer.finish();
  return { count: end - skip, height: images.height, width: images.width };
}
