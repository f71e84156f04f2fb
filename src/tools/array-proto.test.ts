import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { readBlobProto, readDatum, writeBlobProto, writeDatum } from "../proto/binary/index.js";
import { BlobProtoSchema } from "../proto/gen/caffe_pb.js";
import type { NdArray } from "../util/nd-array.js";
import {
  arrayListToBlobProtoVector,
  arrayToBlobProto,
  arrayToDatum,
  blobProtoToArray,
  blobProtoVectorToArrayList,
  datumToArray,
} from "./array-proto.js";

const array = (shape: readonly number[], values: readonly number[]): NdArray => ({
  shape,
  data: Float32Array.from(values),
});

test("a datum of bytes and one of floats, through the bytes of a record", () => {
  const bytes = { shape: [1, 2, 3], data: Uint8Array.of(1, 2, 3, 253, 254, 255) };
  const record = writeDatum(arrayToDatum(bytes, 7));
  expect(readDatum(record).label).toBe(7);
  expect(datumToArray(readDatum(record))).toEqual(bytes);
  const floats = array([2, 1, 2], [0.5, -1, 1e9, 0]);
  const datum = readDatum(writeDatum(arrayToDatum(floats)));
  expect([datum.label, datum.data.length]).toEqual([0, 0]);
  expect(datumToArray(datum)).toEqual(floats);
});

test("what is no array of a datum", () => {
  expect(() => arrayToDatum(array([2, 2], [1, 2, 3, 4]))).toThrow(/channels × height × width, not 2 × 2/);
  expect(() => arrayToDatum(array([1, 2, 2], [1, 2, 3]))).toThrow(/has 4 values, not 3/);
  const size = { channels: 1, height: 1, width: 2, label: 0 };
  expect(() => datumToArray({ ...size, data: Uint8Array.of(1) })).toThrow(/1 × 1 × 2 has 2 values, not 1/);
  expect(() => datumToArray({ ...size, data: Uint8Array.of(1, 2), encoded: true })).toThrow(/encoded image/);
});

test("a blob's message, with gradients, through the bytes of a binaryproto", () => {
  const data = array([2, 1, 2], [1, 2, 3, 4]);
  const diff = array([2, 1, 2], [-1, -2, -3, -4]);
  const blob = readBlobProto(writeBlobProto(arrayToBlobProto(data, diff)));
  expect(blob.shape?.dim).toEqual([2n, 1n, 2n]);
  expect(blobProtoToArray(blob)).toEqual(data);
  expect(blobProtoToArray(blob, { diff: true })).toEqual(diff);
  expect(() => blobProtoToArray(arrayToBlobProto(data), { diff: true })).toThrow(/has 4 values, not 0/);
  expect(() => arrayToBlobProto(data, array([4], [1, 2, 3, 4]))).toThrow(/diff has shape 4, the array 2 × 1 × 2/);
  expect(() => arrayToBlobProto(array([3], [1]))).toThrow(/has 3 values, not 1/);
});

// The cases of pycaffe's test_io.py.
test("an old blob's message has four axes; a single value without a shape is a scalar, more are refused", () => {
  const old = create(BlobProtoSchema, { num: 1, channels: 1, height: 2, width: 2, data: [1, 2, 3, 4] });
  expect(blobProtoToArray(old)).toEqual(array([1, 1, 2, 2], [1, 2, 3, 4]));
  expect(blobProtoToArray(create(BlobProtoSchema, { data: [123] }))).toEqual(array([], [123]));
  expect(() => blobProtoToArray(create(BlobProtoSchema, { data: [1, 2] }))).toThrow(/has 1 values, not 2/);
});

test("a list of arrays as bytes, long ones too, and damaged bytes", () => {
  const arrays = [
    array([2], [1, 2]),
    array([], [5]),
    array(
      [3, 400],
      Array.from({ length: 1200 }, (_, i) => i),
    ),
  ];
  const bytes = arrayListToBlobProtoVector(arrays);
  expect(blobProtoVectorToArrayList(bytes)).toEqual(arrays);
  expect(blobProtoVectorToArrayList(arrayListToBlobProtoVector([]))).toEqual([]);
  expect(() => blobProtoVectorToArrayList(bytes.subarray(0, bytes.length - 3))).toThrow(
    expect.objectContaining({ code: "MOKA_PARSE" }),
  );
});
