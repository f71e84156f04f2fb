import { create } from "@bufbuild/protobuf";
import { blobShape, blobValues, type DatumValues, makeBlob, readBinary, writeBinary } from "../proto/binary/index.js";
import { type BlobProto, BlobProtoVectorSchema } from "../proto/gen/caffe_pb.js";
import { concat } from "../util/bytes.js";
import { check } from "../util/errors.js";
import type { ArrayOf, NdArray } from "../util/nd-array.js";
import { checkCount, countOf, formatSizes, sameShape } from "../util/shape.js";

/**
 * A Datum, the record of a database, from an array, as pycaffe's `caffe.io.array_to_datum`: a `Uint8Array` becomes `data`, other
 * values `float_data`. `writeDatum` makes its bytes.
 *
 * @param array channels × height × width
 * @param label default 0
 * @throws MokaError `MOKA_SHAPE` for other than three axes, or values that do not fill them
 * @example
 * ```ts
 * const datum = arrayToDatum({ shape: [1, 2, 2], data: Uint8Array.of(0, 64, 128, 255) }, 7);
 * const record = writeDatum(datum); // a value for an LMDB
 * ```
 */
export function arrayToDatum({ shape, data }: ArrayOf<Float32Array | Uint8Array>, label = 0): DatumValues {
  const [channels = 0, height = 0, width = 0] = shape;
  checkCount(shape, data.length);
  check(
    shape.length === 3,
    "MOKA_SHAPE",
    `a Datum is channels × height × width, not ${shape.join(" × ") || "a scalar"}`,
  );
  const size = { channels, height, width, label };
  if (data instanceof Uint8Array) return { ...size, data };
  return { ...size, data: new Uint8Array(0), floatData: data };
}

/**
 * The array in a Datum, channels × height × width, as pycaffe's `caffe.io.datum_to_array`: bytes if it has `data`, else the values
 * of `float_data`. They are not copied. Its label is `datum.label`.
 *
 * @throws MokaError `MOKA_DATA` if it is an encoded image (a JPEG or PNG), or has not as many values as its sizes say
 * @example
 * ```ts
 * const datum = arrayToDatum({ shape: [1, 1, 3], data: Float32Array.of(0.5, 1, 2) });
 * datumToArray(datum); // { shape: [1, 1, 3], data: Float32Array [0.5, 1, 2] }
 * ```
 */
export function datumToArray(datum: DatumValues): ArrayOf<Float32Array | Uint8Array> {
  const { channels, height, width, encoded } = datum;
  check(!encoded, "MOKA_DATA", "the Datum is an encoded image: its data are a JPEG or PNG file, not an array");
  const shape = [channels, height, width];
  const data = datum.data.length > 0 ? datum.data : (datum.floatData ?? new Float32Array(0));
  check(
    data.length === countOf(shape),
    "MOKA_DATA",
    `a Datum of ${formatSizes(shape)} has ${countOf(shape)} values, not ${data.length}`,
  );
  return { shape, data };
}

/**
 * A BlobProto, the message of a mean file or of a layer's weights, from an array, as pycaffe's `caffe.io.array_to_blobproto`. The
 * values are not copied. `writeBlobProto` makes the bytes of a `.binaryproto`.
 *
 * @param diff gradients, of the same shape
 * @throws MokaError `MOKA_SHAPE` if values do not fill the shape, or the shapes differ
 * @example
 * ```ts
 * const mean = arrayToBlobProto({ shape: [1, 3, 1, 1], data: Float32Array.of(104, 117, 123) });
 * const bytes = writeBlobProto(mean); // of a mean.binaryproto
 * ```
 */
export function arrayToBlobProto({ shape, data }: NdArray, diff?: NdArray): BlobProto {
  checkCount(shape, data.length);
  if (diff === undefined) return makeBlob(shape, { data });
  checkCount(diff.shape, diff.data.length);
  check(
    sameShape(shape, diff.shape),
    "MOKA_SHAPE",
    `the diff has shape ${formatSizes(diff.shape)}, the array ${formatSizes(shape)}`,
  );
  return makeBlob(shape, { data, diff: diff.data });
}

/**
 * The array in a BlobProto, of the old form (`num`, `channels`, `height`, `width`: four axes) too, as pycaffe's
 * `caffe.io.blobproto_to_array`. `readBlobProto` reads a `.binaryproto`.
 *
 * @param options `diff`: whether to return its gradients instead
 * @throws MokaError `MOKA_SHAPE` if it has not as many values as its shape says
 * @example
 * ```ts
 * const mean = blobProtoToArray(arrayToBlobProto({ shape: [2, 1], data: Float32Array.of(1, 2) }));
 * mean.shape; // [2, 1]
 * ```
 */
export function blobProtoToArray(blob: BlobProto, options: { readonly diff?: boolean | undefined } = {}): NdArray {
  const values = blobValues(blob);
  const data = options.diff ? (values.diff ?? new Float32Array(0)) : values.data;
  const shape = blobShape(blob);
  // Without a shape, as in pycaffe, a single value is a scalar.
  checkCount(shape, data.length);
  return { shape, data };
}

/**
 * The bytes of a BlobProtoVector with these arrays, as pycaffe's `caffe.io.arraylist_to_blobprotovector_str`.
 *
 * @example
 * ```ts
 * const bytes = arrayListToBlobProtoVector([{ shape: [2], data: Float32Array.of(1, 2) }]);
 * blobProtoVectorToArrayList(bytes); // the same arrays
 * ```
 */
export function arrayListToBlobProtoVector(arrays: readonly NdArray[]): Uint8Array {
  const blobs = arrays.map((array) => arrayToBlobProto(array));
  return concat(writeBinary(BlobProtoVectorSchema, create(BlobProtoVectorSchema, { blobs })));
}

/**
 * The arrays in the bytes of a BlobProtoVector, as pycaffe's `caffe.io.blobprotovector_str_to_arraylist`; see
 * `arrayListToBlobProtoVector`.
 *
 * @throws MokaError `MOKA_PARSE` if the bytes are damaged
 * @example
 * ```ts
 * const bytes = arrayListToBlobProtoVector([{ shape: [2], data: Float32Array.of(1, 2) }]);
 * const [array] = blobProtoVectorToArrayList(bytes);
 * console.log(array.shape); // [ 2 ]
 * ```
 */
export function blobProtoVectorToArrayList(bytes: Uint8Array): NdArray[] {
  return readBinary(BlobProtoVectorSchema, bytes).blobs.map((blob) => blobProtoToArray(blob));
}
