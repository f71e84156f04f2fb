import { createDatabase } from "../data/database.js";
import { encodeImage, recordKey } from "../data/datum.js";
import { readIdxImages } from "../data/idx.js";
import { openFiles } from "../platform/open-files.js";
import { check } from "../util/errors.js";
import { silent } from "../util/log.js";
import { freshSeed, Random } from "../util/random.js";
import { upTo, watched } from "../util/work.js";
import type { ImageSetOptions } from "./options.js";

export interface ConvertMnistSiameseDataOptions extends Omit<ImageSetOptions, "images" | "backend"> {
  /** Default leveldb, the only one of Caffe's tool. */
  readonly backend?: ImageSetOptions["backend"];
  /** The seed that chooses the pairs. Default: a new one each time, as in Caffe. */
  readonly seed?: number | undefined;
}

/**
 * Makes pairs of MNIST's images to train a siamese net on, as Caffe's example tool `convert_mnist_siamese_data`: as many
 * pairs as there are images, each of two images drawn at random. A value is a Datum of two channels, one an image, with the
 * label 1 if both are of one class, else 0. Keys are eight digits.
 *
 * @param imageFile IDX, gzip or not; so is `labelFile`
 * @param options the progress counts `records`
 * @returns the number of pairs, and of those of one class
 * @throws MokaError MOKA_FILE if the database exists, MOKA_DATA if the files do not fit together
 * @example
 * ```ts
 * const { count, similar } = await convertMnistSiameseData(
 *   "t10k-images-idx3-ubyte",
 *   "t10k-labels-idx1-ubyte",
 *   "siamese_leveldb",
 * );
 * ```
 */
export async function convertMnistSiameseData(
  imageFile: string,
  labelFile: string,
  database: string,
  options: ConvertMnistSiameseDataOptions = {},
): Promise<{ readonly count: number; readonly similar: number }> {
  const { backend = "leveldb", log = silent } = options;
  options.signal?.throwIfAborted();
  const files = openFiles(options);
  const load = async (file: string) => ({ bytes: await files.read(file), file });
  const { count, height, width, pixels, labels } = await readIdxImages(await load(imageFile), await load(labelFile));
  check(count > 0, "MOKA_DATA", `${imageFile} has no images`);
  log("info", "convert_mnist_siamese_data.cpp:85", `A total of ${count} items.`);
  log("info", "convert_mnist_siamese_data.cpp:86", `Rows: ${height} Cols: ${width}`);
  const random = new Random(options.seed ?? freshSeed());
  const writer = await createDatabase(files, backend, database);
  const size = height * width;
  let similar = 0;
  for await (const n of watched(upTo(count), { what: "records", total: count }, options)) {
    const pair = [random.below(count), random.below(count)];
    const data = new Uint8Array(2 * size);
    for (const [channel, i] of pair.entries()) data.set(pixels.subarray(i * size, (i + 1) * size), channel * size);
    const [first, second] = pair.map((i) => labels[i]);
    const label = first === second ? 1 : 0;
    similar += label;
    await writer.add(recordKey(n), encodeImage({ channels: 2, height, width, data, label }));
  }
  options.signal?.throwIfAborted();
  await writer.finish();
  return { count, similar };
}
