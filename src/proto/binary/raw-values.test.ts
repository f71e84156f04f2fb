import { readFileSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { expect, test } from "vitest";
import { concat } from "../../util/bytes.js";
import { BlobProtoSchema } from "../gen/caffe_pb.js";
import { parseNet } from "../text/index.js";
import {
  blobShape,
  blobValues,
  makeBlob,
  readBlobProto,
  readNet,
  setBlobValues,
  writeBlobProto,
  writeNet,
} from "./index.js";

/** A public model that NVCaffe wrote, with weights in half precision. */
const file = new Uint8Array(readFileSync(new URL("../../../test/cases/half-float/half.caffemodel", import.meta.url)));

/** A blob of these values, as NVCaffe writes it: `raw_data_type`, then `raw_data`. */
function rawBlob(type: number | undefined, bytes: Uint8Array, offset = 0): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(7, WireType.LengthDelimited).bytes(Uint8Array.of(10, 1, 2)); // shape { dim: 2 }
  if (type !== undefined) writer.tag(10 + offset, WireType.Varint).int32(type);
  return writer
    .tag(12 + offset, WireType.LengthDelimited)
    .bytes(bytes)
    .finish();
}

test("blobs in half precision have their values, and are written back as they were", () => {
  const net = readNet(file, "half.caffemodel");
  const conv1 = net.layer.find(({ name }) => name === "conv1");
  const [weights, bias] = (conv1?.blobs ?? []).map((blob) => ({ shape: blobShape(blob), ...blobValues(blob) }));
  expect(weights?.shape).toEqual([10, 3, 3, 3]);
  expect(weights?.data.length).toBe(270);
  expect(bias?.data.length).toBe(10);
  // The first two halves of each in the file, 3b 35 and d7 33 as bytes, by hand.
  expect(weights?.data[0]).toBe((1 + 0x13b / 1024) / 4);
  for (const { blobs } of net.layer) {
    for (const blob of blobs) {
      const { data } = blobValues(blob);
      expect(data.length).toBe(blobShape(blob).reduce((a, b) => a * b, 1));
      expect(data.every((value) => Math.abs(value) < 10)).toBe(true);
    }
  }
  expect(Buffer.compare(concat(writeNet(net)), file)).toBe(0);
});

test.each([
  ["DOUBLE", 0, new Float64Array([1.5, -0.1])],
  ["FLOAT", 1, new Float32Array([1.5, -0.1])],
  ["FLOAT16", 2, new Uint16Array([0x3e00, 0xae66])],
])("raw_data and raw_diff of type %s", (_name, type, values) => {
  const raw = new Uint8Array(values.buffer);
  const wanted = [1.5, type === 2 ? -0.0999755859375 : Math.fround(-0.1)];
  expect([...blobValues(readBlobProto(rawBlob(type, raw))).data]).toEqual(wanted);
  const { data, diff } = blobValues(readBlobProto(rawBlob(type, raw, 1)));
  expect([...(diff ?? [])]).toEqual(wanted);
  expect(data.length).toBe(0);
});

test("new values replace raw ones", () => {
  const blob = readBlobProto(rawBlob(2, Uint8Array.of(0, 0x3c, 0, 0x40)));
  expect([...blobValues(blob).data]).toEqual([1, 2]);
  setBlobValues(blob, { data: Float32Array.of(5, 6) });
  expect([...blobValues(blob).data]).toEqual([5, 6]);
  expect(writeBlobProto(blob)).toEqual(writeBlobProto(makeBlob([2], { data: Float32Array.of(5, 6) })));
});

test("raw_data in a text", () => {
  const blobs = (fields: string) =>
    parseNet(`layer { name: "a" blobs { shape { dim: 2 } ${fields} } }`).message.layer.flatMap((each) => each.blobs);
  const data = (fields: string) => blobs(fields).map((blob) => [...blobValues(blob).data]);
  expect(data('raw_data_type: FLOAT16 raw_data: "\\000<" "\\000@"')).toEqual([[1, 2]]);
  expect(data('raw_data: "\\000\\000\\300?\\000\\000\\000@" raw_data_type: 1')).toEqual([[1.5, 2]]);
  expect(() => data('raw_data_type: INT raw_data: "abcd"')).toThrow(
    "raw_data_type INT, where DOUBLE, FLOAT and FLOAT16",
  );
  expect(() => data('raw_data_type: constructor raw_data: "abcd"')).toThrow("raw_data_type is missing");
  expect(() => data('raw_data_type: FLOAT16 raw_data: "abc"')).toThrow(
    "raw_data of 3 bytes, no whole number of values",
  );
  expect(data("data: 3 data: 4")).toEqual([[3, 4]]);
  const [blob] = blobs('raw_data_type: FLOAT16 raw_data: "\\000<"');
  if (blob) setBlobValues(blob, { data: Float32Array.of(7) });
  expect(blob && [...blobValues(blob).data]).toEqual([7]);
});

test("fields of other forks with the same numbers are no values, and stay", () => {
  // VitisAI's mask = 10, a packed list of floats, and format = 12, an integer.
  const mask = new BinaryWriter().tag(10, WireType.LengthDelimited).bytes(new Uint8Array(8));
  const blob = readBlobProto(mask.tag(12, WireType.Varint).int32(1).tag(5, WireType.Bit32).float(3).finish());
  expect([...blobValues(blob).data]).toEqual([3]);
  setBlobValues(blob, { data: Float32Array.of(4) });
  expect(blob.$unknown?.map(({ no }) => no)).toEqual([10, 12]);
});

test("what is wrong is said with its place", () => {
  const fails = (bytes: Uint8Array) => expect(() => readBlobProto(bytes, "x.binaryproto"));
  fails(rawBlob(2, Uint8Array.of(1, 2, 3))).toThrow(
    /x.binaryproto: damaged at byte \d+: raw_data of 3 bytes, no whole/,
  );
  fails(rawBlob(3, Uint8Array.of(1, 2, 3, 4))).toThrow("raw_data_type INT, where DOUBLE, FLOAT and FLOAT16 are read");
  fails(rawBlob(undefined, Uint8Array.of(1, 2))).toThrow("raw_data_type is missing");
  expect(blobValues(create(BlobProtoSchema)).data.length).toBe(0);
});
