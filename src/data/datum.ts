import { type DatumValues, writeDatum } from "../proto/binary/datum.js";
import type { DatabaseRecord } from "../util/database.js";
import { check } from "../util/errors.js";
import { formatShape } from "../util/shape.js";
import type { LabelledImages } from "./idx.js";

/**
 * The key of a record, as Caffe's converters make it: eight digits, so that the order of keys is the order
 * of records; for an image from a file, `_` and the file's name follow.
 */
export function recordKey(index: number, file?: string): string {
  const digits = String(index).padStart(8, "0");
  return file === undefined ? digits : `${digits}_${file}`;
}

/** The value of a record with an image of bytes, byte for byte as Caffe's convert_mnist_data writes it. */
export function encodeImage(image: DatumValues): Uint8Array {
  const { channels, height, width, data } = image;
  check(
    data.length === channels * height * width,
    "MOKA_DATA",
    `the image has ${data.length} bytes for an image of shape ${formatShape([channels, height, width])}`,
  );
  return writeDatum(image);
}

/** The records that convert_mnist_data makes of the images from index `from` to before index `to`. */
export function* imageRecords(images: LabelledImages, from = 0, to = images.count): Generator<DatabaseRecord> {
  const { height, width, pixels, labels } = images;
  const size = height * width;
  for (let i = from; i < to; i++) {
    const data = pixels.subarray(i * size, (i + 1) * size);
    yield { key: recordKey(i - from), value: encodeImage({ channels: 1, height, width, data, label: labels[i] ?? 0 }) };
  }
}
