import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { MokaError, reasonOf } from "../../util/errors.js";

/**
 * One record of an LMDB or LevelDB: an image or another array of numbers, and its label. The fields are those of
 * caffe.proto's Datum. It is a plain object because data layers read 100,000 of them a second.
 */
export interface DatumValues {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Bytes in the order channels, rows, columns (color channels blue, green, red); with `encoded`, a JPEG or PNG. */
  readonly data: Uint8Array;
  readonly label: number;
  /** The values where they are not bytes; `data` is empty then. */
  readonly floatData?: Float32Array | undefined;
  /** Whether `data` is an image file. Default false. */
  readonly encoded?: boolean | undefined;
}

/**
 * Reads a Datum; `data` is a view of `bytes`.
 *
 * @param what names the record in an error
 * @throws MokaError MOKA_PARSE with the offset of the damaged byte
 * @example
 * ```ts
 * const record = writeDatum({ channels: 1, height: 1, width: 2, data: Uint8Array.of(0, 255), label: 7 });
 * console.log(readDatum(record).label); // 7
 * ```
 */
export function readDatum(bytes: Uint8Array, what = "datum"): DatumValues {
  const reader = new BinaryReader(bytes);
  const datum = { channels: 0, height: 0, width: 0, data: bytes.subarray(0, 0), label: 0 };
  let encoded: boolean | undefined;
  let floats = 0;
  let at = 0;
  try {
    while (reader.pos < bytes.length) {
      at = reader.pos;
      const [no, wireType] = reader.tag();
      if (no === 1 && wireType === WireType.Varint) datum.channels = reader.int32();
      else if (no === 2 && wireType === WireType.Varint) datum.height = reader.int32();
      else if (no === 3 && wireType === WireType.Varint) datum.width = reader.int32();
      else if (no === 4 && wireType === WireType.LengthDelimited) datum.data = reader.bytes();
      else if (no === 5 && wireType === WireType.Varint) datum.label = reader.int32();
      else if (no === 6) floats += skipFloats(reader, wireType, bytes.length);
      else if (no === 7 && wireType === WireType.Varint) encoded = reader.bool();
      else reader.skip(wireType, no);
    }
  } catch (error) {
    throw new MokaError("MOKA_PARSE", `${what}: damaged at byte ${at}: ${reasonOf(error)}`, { cause: error });
  }
  const floatData = floats > 0 ? readFloats(bytes, floats) : undefined;
  return { ...datum, ...(floatData && { floatData }), ...(encoded !== undefined && { encoded }) };
}

/**
 * The bytes of a Datum, as C++ writes them. `encoded` is written only if it is defined.
 *
 * @example
 * ```ts
 * const record = writeDatum({ channels: 1, height: 1, width: 2, data: Uint8Array.of(0, 255), label: 7 });
 * ```
 */
export function writeDatum(datum: DatumValues): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int32(datum.channels);
  writer.tag(2, WireType.Varint).int32(datum.height);
  writer.tag(3, WireType.Varint).int32(datum.width);
  if (datum.data.length > 0) writer.tag(4, WireType.LengthDelimited).bytes(datum.data);
  writer.tag(5, WireType.Varint).int32(datum.label);
  for (const value of datum.floatData ?? []) writer.tag(6, WireType.Bit32).float(value);
  if (datum.encoded !== undefined) writer.tag(7, WireType.Varint).bool(datum.encoded);
  return writer.finish();
}

/** Skips values of `float_data`, packed or not, and counts them. */
function skipFloats(reader: BinaryReader, wireType: WireType, end: number): number {
  if (wireType === WireType.Bit32) {
    reader.skip(wireType);
    return 1;
  }
  const length = wireType === WireType.LengthDelimited ? reader.uint32() : Number.NaN;
  if (length % 4 !== 0 || reader.pos + length > end) throw new RangeError("float_data is not a whole number of floats");
  reader.pos += length;
  return length / 4;
}

/** The values of `float_data` in a message that was read before without an error. */
function readFloats(bytes: Uint8Array, count: number): Float32Array {
  const reader = new BinaryReader(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = new Float32Array(count);
  let filled = 0;
  while (reader.pos < bytes.length) {
    const [no, wireType] = reader.tag();
    if (no !== 6) {
      reader.skip(wireType, no);
      continue;
    }
    const end = wireType === WireType.Bit32 ? reader.pos + 4 : reader.uint32() + reader.pos;
    for (; reader.pos < end; reader.pos += 4) values[filled++] = view.getFloat32(reader.pos, true);
  }
  return values;
}
