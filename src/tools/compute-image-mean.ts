import { create } from "@bufbuild/protobuf";
import { createImages } from "#platform";
import { openDatabase } from "../data/database.js";
import { toPlanes } from "../data/images/planes.js";
import { openFile } from "../platform/open-files.js";
import { setBlobValues } from "../proto/binary/blob.js";
import { type DatumValues, readDatum } from "../proto/binary/index.js";
import { type BlobProto, BlobProtoSchema } from "../proto/gen/caffe_pb.js";
import type { DatabaseCursor } from "../util/database.js";
import { check } from "../util/errors.js";
import type { FileSource } from "../util/files.js";
import type { Images } from "../util/images.js";
import { silent } from "../util/log.js";
import { formatNumber } from "../util/number-format.js";
import { watched } from "../util/work.js";
import type { ImageSetOptions } from "./options.js";

export interface ImageMean {
  /** The mean image, 1 × channels × height × width, as in a `mean_file`. */
  readonly blob: BlobProto;
  readonly shape: readonly [channels: number, height: number, width: number];
  /** The mean of each channel, as for `mean_value`. */
  readonly channelMeans: Float32Array;
  /** Number of records. */
  readonly count: number;
}

/** Options of `computeImageMean`. */
export type ImageMeanOptions = ImageSetOptions;

/**
 * The mean of all images of a database, as Caffe's `compute_image_mean` computes it: in single precision and in the
 * same order, so the result is equal bit for bit. Records may hold bytes, floats or encoded images.
 *
 * @param source the database: the path of its folder; of an LMDB, also the path, bytes or `Blob` of its `data.mdb`
 * @param options the progress counts `records`; how many there are in all is not known
 * @throws MokaError MOKA_DATA if the images differ in size, or there are none
 * @example
 * ```ts
 * const { shape, channelMeans, count } = await computeImageMean("train_lmdb");
 * console.log(shape, count); // [ 3, 8, 8 ] 8
 * ```
 */
export async function computeImageMean(source: FileSource, options: ImageMeanOptions = {}): Promise<ImageMean> {
  const { images = createImages(), backend = "lmdb", log = silent } = options;
  const { files, path } = openFile(options, source);
  const database = await openDatabase(files, backend, path);
  try {
    const cursor = database.cursor();
    let count = 0;
    let shape: ImageMean["shape"] | undefined;
    let sum = new Float32Array(0);
    for await (const _ of watched(recordsOf(cursor), { what: "records", total: undefined }, options)) {
      const name = new TextDecoder().decode(cursor.key);
      const datum = readDatum(cursor.value, `${path}: record ${name}`);
      if (count === 0 && datum.encoded) log("info", "compute_image_mean.cpp:57", "Decoding Datum");
      const { channels, height, width, values } = await decoded(datum, images);
      if (!shape) {
        shape = [channels, height, width];
        sum = new Float32Array(values.length);
        log("info", "compute_image_mean.cpp:70", "Starting iteration");
      }
      check(
        values.length === shape[0] * shape[1] * shape[2],
        "MOKA_DATA",
        `${path}: record ${name} has ${values.length} values, where images are of ${shape.join("×")}`,
      );
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (values[i] ?? 0);
      count += 1;
      if (count % 10_000 === 0) log("info", "compute_image_mean.cpp:95", `Processed ${count} files.`);
    }
    check(shape, "MOKA_DATA", `the database ${path} is empty`);
    if (count % 10_000 !== 0) log("info", "compute_image_mean.cpp:101", `Processed ${count} files.`);

    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) / Math.fround(count);
    const [channels, height, width] = shape;
    const blob = create(BlobProtoSchema, { num: 1, channels, height, width });
    setBlobValues(blob, { data: sum });
    const channelMeans = meansOf(sum, channels, height * width);
    log("info", "compute_image_mean.cpp:114", `Number of channels: ${channels}`);
    channelMeans.forEach((mean, c) => {
      log("info", "compute_image_mean.cpp:119", `mean_value channel [${c}]: ${formatNumber(mean)}`);
    });
    return { blob, shape, channelMeans, count };
  } finally {
    database.close();
  }
}

/** Moves the cursor from record to record. */
async function* recordsOf(cursor: DatabaseCursor): AsyncGenerator<void> {
  for (let has = await cursor.first(); has; has = await cursor.next()) yield;
}

async function decoded(datum: DatumValues, images: Images) {
  if (!datum.encoded) return { ...datum, values: datum.data.length > 0 ? datum.data : (datum.floatData ?? []) };
  const image = await images.decode(datum.data, { color: undefined });
  return { ...image, values: toPlanes(image) };
}

/** Summed in single precision, as Caffe does. */
function meansOf(values: Float32Array, channels: number, size: number): Float32Array {
  const means = new Float32Array(channels);
  for (let c = 0; c < channels; c++) {
    for (let i = c * size; i < (c + 1) * size; i++) means[c] = (means[c] ?? 0) + (values[i] ?? 0);
    means[c] = (means[c] ?? 0) / size;
  }
  return means;
}
