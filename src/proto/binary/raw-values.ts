import type { UnknownField } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { halfsToFloats } from "../../util/half.js";
import type { BlobProto } from "../gen/caffe_pb.js";

/** The fields of NVCaffe's BlobProto that hold values as bytes of one type. BVLC's schema lacks them. */
const fields = { data: { type: 10, bytes: 12 }, diff: { type: 11, bytes: 13 } } as const;

/** NVCaffe's `Type`: its name, and the values of little-endian bytes. The others, INT, UINT and BOOL, are no weights. */
const types: Readonly<Record<number, { readonly size: number; readonly read: (bytes: ArrayBuffer) => Float32Array }>> =
  {
    0: { size: 8, read: (bytes) => Float32Array.from(new Float64Array(bytes)) },
    1: { size: 4, read: (bytes) => new Float32Array(bytes) },
    2: { size: 2, read: (bytes) => halfsToFloats(new Uint16Array(bytes)) },
  };

interface Raw {
  readonly data: Float32Array | undefined;
  readonly diff: Float32Array | undefined;
}

/**
 * The values of NVCaffe's fields `raw_data` and `raw_diff`, in half, single or double precision, which the message keeps as
 * unknown fields; undefined if it has none.
 *
 * @throws RangeError if the type is unknown, or the bytes are no whole number of its values
 */
export function rawValues({ $unknown: unknown }: BlobProto): Raw | undefined {
  return unknown && { data: valuesOf(unknown, "data"), diff: valuesOf(unknown, "diff") };
}

/** Removes these fields from a blob that gets other values. */
export function dropRawValues(blob: BlobProto): void {
  if (!blob.$unknown) return;
  // VitisAI uses the same numbers for other fields, of other wire types.
  const isRaw = ({ no, wireType }: UnknownField) =>
    Object.values(fields).some(({ type, bytes }) =>
      wireType === WireType.Varint ? no === type : wireType === WireType.LengthDelimited && no === bytes,
    );
  blob.$unknown = blob.$unknown.filter((field) => !isRaw(field));
}

function valuesOf(unknown: readonly UnknownField[], name: keyof typeof fields): Float32Array | undefined {
  const last = (no: number, wireType: WireType) => {
    const field = unknown.findLast((each) => each.no === no && each.wireType === wireType);
    return field && new BinaryReader(field.data);
  };
  const bytes = last(fields[name].bytes, WireType.LengthDelimited)?.bytes();
  if (!bytes) return undefined;
  const code = last(fields[name].type, WireType.Varint)?.int32();
  const type = code === undefined ? undefined : types[code];
  if (!type) throw new RangeError(`raw_${name}_type ${code ?? "is missing"}, where DOUBLE, FLOAT and FLOAT16 are read`);
  if (bytes.length % type.size !== 0) {
    throw new RangeError(`raw_${name} of ${bytes.length} bytes, no whole number of values of ${type.size} bytes`);
  }
  return type.read(bytes.slice().buffer);
}
