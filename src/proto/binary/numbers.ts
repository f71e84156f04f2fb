import { type BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import type { FieldValues } from "./blob.js";

/** Bytes a number takes, by the number of its field in BlobProto. */
const sizes: ReadonlyMap<number, 4 | 8> = new Map([
  [5, 4],
  [6, 4],
  [8, 8],
  [9, 8],
]);

/**
 * Values of at least so many bytes have a header (tag and length) of at least 4 bytes, over which they
 * can be moved to a multiple of 4.
 */
const movable = 1 << 14;

/** Values in the file, at equal distances. */
interface Run {
  /** Where the first begins. */
  readonly offset: number;
  readonly count: number;
  /** Bytes from one to the next: its size in a packed field, more where each has a tag. */
  readonly stride: number;
}

/** What is known of a field's values. */
interface Tally {
  count: number;
  /** Runs they come in. */
  runs: number;
  last: Run;
}

/**
 * Collects the numbers of one BlobProto.
 *
 * They are counted first and taken in the end, so that nothing is allocated for numbers that are not
 * there, and any mix of packed and single values makes one array.
 */
export class NumberReader {
  readonly #bytes: Uint8Array;
  readonly #reader: BinaryReader;
  readonly #start: number;
  readonly #end: number;
  readonly #takeOver: boolean;
  readonly #tallies = new Map<number, Tally>();

  /** `reader` stands at the beginning of the BlobProto, which ends at `end`. */
  constructor(bytes: Uint8Array, reader: BinaryReader, end: number, takeOver: boolean) {
    this.#bytes = bytes;
    this.#reader = reader;
    this.#start = reader.pos;
    this.#end = end;
    this.#takeOver = takeOver;
  }

  /** Counts the field whose tag was just read and passes over it, if it holds numbers. */
  take(no: number, wireType: WireType): boolean {
    const run = this.#pass(no, wireType);
    if (!run) return false;
    const before = this.#tallies.get(no);
    this.#tallies.set(no, { count: (before?.count ?? 0) + run.count, runs: (before?.runs ?? 0) + 1, last: run });
    return true;
  }

  /** The values of all fields that were taken. */
  finish(): FieldValues {
    const scattered = this.#gather();
    const place = (no: number) => {
      const tally = this.#tallies.get(no);
      return tally && (scattered.get(no) ?? this.#lift(tally.last, sizes.get(no) ?? 4));
    };
    return {
      data: floats(place(5)),
      diff: floats(place(6)),
      doubleData: doubles(place(8)),
      doubleDiff: doubles(place(9)),
    };
  }

  /** Moves past a field and those of the same tag that follow, if they hold numbers. */
  #pass(no: number, wireType: WireType): Run | undefined {
    const size = sizes.get(no);
    if (size === undefined) return undefined;
    if (wireType === (size === 4 ? WireType.Bit32 : WireType.Bit64)) return this.#passSingles(no * 8 + wireType, size);
    if (wireType !== WireType.LengthDelimited) return undefined;
    const length = this.#reader.uint32();
    if (length % size !== 0) throw new RangeError(`${length} bytes are no whole number of values of ${size} bytes`);
    return { offset: this.#advance(length), count: length / size, stride: size };
  }

  #passSingles(tag: number, size: number): Run {
    const offset = this.#advance(size);
    const stride = size + 1;
    const bytes = this.#bytes;
    const last = this.#end - stride;
    let count = 1;
    for (let next = offset + size; next <= last && bytes[next] === tag; next += stride) count++;
    this.#reader.pos = offset + count * stride - 1;
    return { offset, count, stride };
  }

  /** Moves past so many bytes, and returns where they begin. */
  #advance(bytes: number): number {
    const offset = this.#reader.pos;
    const left = this.#end - offset;
    if (bytes > left) throw new RangeError(`values of ${bytes} bytes, where ${left} are left`);
    this.#reader.pos += bytes;
    return offset;
  }

  /** Fields whose values do not lie in one row, put together in a second walk over the message. */
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
      const run = this.#pass(no, wireType);
      if (!run) this.#reader.skip(wireType, no);
      const target = gathered.get(no);
      if (!run || !target) continue;
      const at = filled.get(no) ?? 0;
      filled.set(no, at + this.#copy(run, sizes.get(no) ?? 4, target, at));
    }
    return gathered;
  }

  /** Copies a run to `at`, a multiple of 4, and returns how many bytes it takes there. */
  #copy({ offset, count, stride }: Run, size: number, to: Uint8Array, at: number): number {
    const bytes = this.#bytes;
    if (stride === size) {
      to.set(bytes.subarray(offset, offset + count * size), at);
      return count * size;
    }
    // As integers, since a NaN that passes through a JavaScript number may lose its bits.
    const from = new DataView(bytes.buffer, bytes.byteOffset);
    const words = new Uint32Array(to.buffer, at, (count * size) / 4);
    if (size === 4) {
      for (let i = 0; i < count; i++) words[i] = from.getUint32(offset + i * stride, true);
    } else {
      for (let i = 0; i < words.length; i++) words[i] = from.getUint32(offset + (i >> 1) * stride + (i & 1) * 4, true);
    }
    return count * size;
  }

  /** Values in one row: where they lie if a Float32Array can lie there, else moved or copied. */
  #lift({ offset, count }: Run, size: number): Uint8Array {
    const row = this.#bytes.subarray(offset, offset + count * size);
    const excess = row.byteOffset % 4;
    if (size === 4 && excess === 0) return row;
    if (size !== 4 || !this.#takeOver || row.length < movable) return new Uint8Array(row);
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
