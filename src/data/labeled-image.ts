import { type DatumValues, readDatum } from "../proto/binary/datum.js";
import type { TransformationParameter } from "../proto/gen/caffe_pb.js";
import { check } from "../util/errors.js";
import type { Image, Images } from "../util/images.js";

/** The input of a data layer's transformer: channels × height × width numbers, and a label. */
export interface LabeledImage {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly values: ArrayLike<number>;
  /** Whether the channels of a pixel are adjacent, as in a decoded image; otherwise each channel is one block. */
  readonly isInterleaved: boolean;
  readonly label: number;
}

/** An image with its label. */
export function withLabel({ width, height, channels, data }: Image, label: number): LabeledImage {
  return { channels, height, width, values: data, isInterleaved: true, label };
}

/** The image in a datum that is not encoded. */
export function rawDatumImage({ channels, height, width, data, floatData, label }: DatumValues): LabeledImage {
  const values = data.length > 0 ? data : (floatData ?? []);
  check(
    values.length === channels * height * width,
    "MOKA_DATA",
    `an image of ${channels}×${height}×${width} has ${values.length} values`,
  );
  return { channels, height, width, values, isInterleaved: false, label };
}

/**
 * The image in a datum. An encoded datum, a JPEG or PNG file, is decoded to color or gray as `transform_param` says:
 * `force_color`, `force_gray`, or the file's own.
 */
export async function decodeDatum(
  datum: DatumValues,
  param: TransformationParameter | undefined,
  images: Images,
): Promise<LabeledImage> {
  if (!datum.encoded) return rawDatumImage(datum);
  const { forceColor = false, forceGray = false } = param ?? {};
  check(!(forceColor && forceGray), "MOKA_FIELD", "transform_param has both force_color and force_gray; give one");
  const color = forceColor || forceGray ? forceColor : undefined;
  return withLabel(await images.decode(datum.data, { color }), datum.label);
}

/** The image in a record of a database. */
export async function readRecordImage(
  record: Uint8Array,
  param: TransformationParameter | undefined,
  images: Images,
): Promise<LabeledImage> {
  return decodeDatum(readDatum(record), param, images);
}
