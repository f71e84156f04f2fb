import { isFieldSet, type UnknownField } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { check } from "../../util/errors.js";
import { halfsToFloats } from "../../util/half.js";
import { type BlobProto, BlobProtoSchema, Type } from "../gen/caffe_pb.js";

/** The fields of NVCaffe's BlobProto that hold values as bytes of one type. BVLC's schema lacks them. */
const fields = { data: { type: 10, bytes: 12 }, diff: { type: 11, bytes: 13 } } as const;

/** NVCaffe's types, their size in bytes, and the values of little-endian bytes. The others, INT, UINT, BOOL, are no weights. */
const types = [
  { code: 0, name: "DOUBLE", size: 8, read: (bytes: ArrayBuffer) => Float32Array.from(new Float64Array(bytes)) },
  { code: 1, name: "FLOAT", size: 4, read: (bytes: ArrayBuffer) => new Float32Array(bytes) },
  { code: 2, name: "FLOAT16", size: 2, read: (bytes: ArrayBuffer) => halfsToFloats(new Uint16Array(bytes)) },
];

interface Raw {
  readonly data: Float32Array | undefined;
  readonly diff: Float32Array | undefined;
}

/**
 * The values of NVCaffe's fields `raw_data` and `raw_diff`, in half, single or double precision, which the message has
 * as unknown fields of its binary form, or as fields of its text; undefined if it has none.
 *
 * @throws MokaError MOKA_PARSE if the type is unknown, or the bytes are no whole number of its values
 */
export function rawValues(blob: BlobProto): Raw | undefined {
  if (!blob.$unknown && !has(blob, "rawData") && !has(blob, "rawDiff")) return undefined;
  return { data: valuesOf(blob, "data"), diff: valuesOf(blob, "diff") };
}

/** Removes these fields from a blob that gets other values. */
export function dropRawValues(blob: BlobProto): void {
  for (const name of ["rawData", "rawDataType", "rawDiff", "rawDiffType"] as const)
    delete (blob as Partial<BlobProto>)[name];
  if (!blob.$unknown) return;
  // VitisAI uses the same numbers for other fields, of other wire types.
  const isRaw = ({ no, wireType }: UnknownField) =>
    Object.values(fields).some(({ type, bytes }) =>
      wireType === WireType.Varint ? no === type : wireType === WireType.LengthDelimited && no === bytes,
    );
  blob.$unknown = blob.$unknown.filter((field) => !isRaw(field));
}

function valuesOf(blob: BlobProto, name: keyof typeof fields): Float32Array | undefined {
  const { bytes, type: given } = binaryField(blob, name) ?? textField(blob, name) ?? {};
  if (!bytes) return undefined;
  const type = types.find(({ code }) => given === code);
  check(
    type,
    "MOKA_PARSE",
    `raw_${name}_type ${given === undefined ? "is missing" : (Type[given] ?? given)}, where DOUBLE, FLOAT and FLOAT16 are read`,
  );
  check(
    bytes.length % type.size === 0,
    "MOKA_PARSE",
    `raw_${name} of ${bytes.length} bytes, no whole number of values of ${type.size} bytes`,
  );
  return type.read(bytes.slice().buffer);
}

interface Field {
  readonly bytes: Uint8Array;
  /** The type's code. */
  readonly type: number | undefined;
}

function binaryField({ $unknown: unknown }: BlobProto, name: keyof typeof fields): Field | undefined {
  const last = (no: number, wireType: WireType) => {
    const field = unknown?.findLast((each) => each.no === no && each.wireType === wireType);
    return field && new BinaryReader(field.data);
  };
  const bytes = last(fields[name].bytes, WireType.LengthDelimited)?.bytes();
  return bytes && { bytes, type: last(fields[name].type, WireType.Varint)?.int32() };
}

/** The fields of a text, which are read by name. */
function textField(blob: BlobProto, name: keyof typeof fields): Field | undefined {
  if (name === "data") {
    return has(blob, "rawData")
      ? { bytes: blob.rawData, type: has(blob, "rawDataType") ? blob.rawDataType : undefined }
      : undefined;
  }
  return has(blob, "rawDiff")
    ? { bytes: blob.rawDiff, type: has(blob, "rawDiffType") ? blob.rawDiffType : undefined }
    : undefined;
}

function has(blob: BlobProto, name: "rawData" | "rawDiff" | "rawDataType" | "rawDiffType"): boolean {
  return isFieldSet(blob, BlobProtoSchema.field[name]);
}
