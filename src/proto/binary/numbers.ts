import { type BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import type { FieldValues } from "./field-values.js";

/** Bytes per value, by the number of the field in BlobProto. */
const sizes: ReadonlyMap<number, 4 | 8> = new Map([
  [5, 4],
  [6, 4],
  [8, 8],
  [9, 8],
]);

/**
 * A field of at least this many bytes has a header (tag and length) of at least 4 bytes. Its values can be moved
 * over that header to an address that is a multiple of 4.
 */
const minMovedBytes = 1 << 14;

/** Values in the file at equal distances. */
interface Run {
  /** Byte offset of the first value. */
  readonly offset: number;
  readonly count: number;
  /** Bytes from one value to the next: the value's size in a packed field, one more where each value has a tag. */
  readonly stride: number;
}

/** The number of a field's values, and where they are. */
interface Tally {
  count: number;
  /** Number of runs that hold the values. */
  runs: number;
  last: Run;
}

/**
 * Collects the numbers of one BlobProto.
 *
 * It counts the values first and reads them in the end. So nothing is allocated for values that a damaged file
 * announces but does not have, and any mix of packed and unpacked values becomes one array.
 */
export class NumberReader {
  readonly #bytes: Uint8Array;
  readonly #reader: BinaryReader;
  readonly #start: number;
  readonly #end: number;
  readonly #mayChangeBytes: boolean;
  readonly #tallies = new Map<number, Tally>();

  /** `reader` must be at the beginning of the BlobProto, which ends at `end`. */
  constructor(bytes: Uint8Array, reader: BinaryReader, end: number, mayChangeBytes: boolean) {
    this.#bytes = bytes;
    this.#reader = reader;
    this.#start = reader.pos;
    this.#end = end;
    this.#mayChangeBytes = mayChangeBytes;
  }

  /** If the field whose tag was just read holds numbers: counts them, skips the field, and returns true. */
  countField(no: number, wireType: WireType): boolean {
    const run = this.#skipField(no, wireType);
    if (!run) return false;
    const before = this.#tallies.get(no);
    this.#tallies.set(no, { count: (before?.count ?? 0) + run.count, runs: (before?.runs ?? 0) + 1, last: run });
    return true;
  }

  /** The values of all fields that were counted. */
  finish(): FieldValues {
    const scattered = this.#gather();
    const place = (no: number) => {
      const tally = this.#tallies.get(no);
      return tally && (scattered.get(no) ?? this.#contiguousValues(tally.last, sizes.get(no) ?? 4));
    };
    return {
      data: floats(place(5)),
      diff: floats(place(6)),
      doubleData: doubles(place(8)),
      doubleDiff: doubles(place(9)),
    };
  }

  /** Skips a field, and those of the same tag that follow it, if they hold numbers. */
  #skipField(no: number, wireType: WireType): Run | undefined {
    const size = sizes.get(no);
    if (size === undefined) return undefined;
    if (wireType === (size === 4 ? WireType.Bit32 : WireType.Bit64)) return this.#skipUnpacked(no * 8 + wireType, size);
    if (wireType !== WireType.LengthDelimited) return undefined;
    const length = this.#reader.uint32();
    if (length % size !== 0) throw new RangeError(`${length} bytes are not a whole number of values of ${size} bytes`);
    return { offset: this.#skipBytes(length), count: length / size, stride: size };
  }

  #skipUnpacked(tag: number, size: number): Run {
    const offset = this.#skipBytes(size);
    const stride = size + 1;
    const bytes = this.#bytes;
    const last = this.#end - stride;
    let count = 1;
    for (let next = offset + size; next <= last && bytes[next] === tag; next += stride) count++;
    this.#reader.pos = offset + count * stride - 1;
    return { offset, count, stride };
  }

  /** Skips `bytes` bytes, and returns the offset of the first. */
  #skipBytes(bytes: number): number {
    const offset = this.#reader.pos;
    const left = this.#end - offset;
    if (bytes > left) throw new RangeError(`values of ${bytes} bytes, where ${left} are left`);
    this.#reader.pos += bytes;
    return offset;
  }

  /** The values of fields that are not in one packed run, collected by reading the message a second time. */
  #gather(): ReadonlyMap<number, Uint8Array> {
    const gathered = new Map<number, Uint8Array>();
    for (const [no, { count, runs, last }] of this.#tallies) {
      const size = sizes.get(no) ?? 4;
      if (runs > 1 || last.stride > size) gathered.set(no, new Uint8Array(count * size));
    }
    if (gathered.size === 0) return gathered;
    const filled = new Map<number, number>();
    this.#reader.pos = this.#start;
    while (this.#reader.pos < this.#end) {
      const [no, wireType] = this.#reader.tag();
      const run = this.#skipField(no, wireType);
      if (!run) this.#reader.skip(wireType, no);
      const target = gathered.get(no);
      if (!run || !target) continue;
      const at = filled.get(no) ?? 0;
      filled.set(no, at + this.#copy(run, sizes.get(no) ?? 4, target, at));
    }
    return gathered;
  }

  /** Copies a run to byte `at` of `to`, a multiple of 4, and returns the number of bytes copied. */
  #copy({ offset, count, stride }: Run, size: number, to: Uint8Array, at: number): number {
    const bytes = this.#bytes;
    if (stride === size) {
      to.set(bytes.subarray(offset, offset + count * size), at);
      return count * size;
    }
    // Copied as integers: a NaN that becomes a JavaScript number may lose its bits.
    const from = new DataView(bytes.buffer, bytes.byteOffset);
    const words = new Uint32Array(to.buffer, at, (count * size) / 4);
    if (size === 4) {
      for (let i = 0; i < count; i++) words[i] = from.getUint32(offset + i * stride, true);
    } else {
      for (let i = 0; i < words.length; i++) words[i] = from.getUint32(offset + (i >> 1) * stride + (i & 1) * 4, true);
    }
    return count * size;
  }

  /** The bytes of one packed run: a view if a Float32Array can be aligned there, else moved or copied. */
  #contiguousValues({ offset, count }: Run, size: number): Uint8Array {
    const row = this.#bytes.subarray(offset, offset + count * size);
    const excess = row.byteOffset % 4;
    if (size === 4 && excess === 0) return row;
    if (size !== 4 || !this.#mayChangeBytes || row.length < minMovedBytes) return new Uint8Array(row);
    this.#bytes.copyWithin(offset - excess, offset, offset + row.length);
    return this.#bytes.subarray(offset - excess, offset - excess + row.length);
  }
}

function floats(bytes: Uint8Array | undefined): Float32Array | undefined {
  return bytes && new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

function doubles(bytes: Uint8Array | undefined): Float64Array | undefined {
  return bytes && new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
}
