import { readDatum, writeDatum } from "../proto/binary/datum.js";
import { check } from "../util/errors.js";
import { formatShape } from "../util/shape.js";

/** An image of a database: bytes in the order channels, rows, columns. */
export interface LabelledImage {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array;
  readonly label: number;
}

/**
 * The key of a record, as Caffe's converters make it: eight digits, so that the order of keys is the order
 * of records; for an image from a file, `_` and the file's name follow.
 */
export function recordKey(index: number, file?: string): string {
  const digits = String(index).padStart(8, "0");
  return file === undefined ? digits : `${digits}_${file}`;
}

/** The value of a record, byte for byte as Caffe's convert_mnist_data writes it. */
export function encodeImage(image: LabelledImage): Uint8Array {
  checkSize(image, "the image");
  return writeDatum(image);
}

/**
 * The image in a record's value; `data` is a view of `bytes`.
 *
 * @throws MokaError MOKA_PARSE or MOKA_DATA, starting with `what`, if it is damaged or holds an encoded image or floats
 */
export function decodeImage(bytes: Uint8Array, what = "record"): LabelledImage {
  const { channels, height, width, data, label, encoded, floatData } = readDatum(bytes, what);
  check(!encoded, "MOKA_DATA", `${what} holds an encoded image, a JPEG or PNG file`);
  check(!floatData, "MOKA_DATA", `${what} holds floats, not bytes`);
  const image = { channels, height, width, data, label };
  checkSize(image, what);
  return image;
}

function checkSize({ channels, height, width, data }: LabelledImage, what: string): void {
  check(
    data.length === channels * height * width,
    "MOKA_DATA",
    `${what} has ${data.length} bytes for an image of shape ${formatShape([channels, height, width])}`,
  );
}
