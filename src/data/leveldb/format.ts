import { MokaError } from "../../util/errors.js";

/**
 * The files of a LevelDB, as far as a reader needs them.
 *
 * `CURRENT` names the manifest, `MANIFEST-…`, a log of changes to the list of tables. A table, `….ldb` or `….sst`, holds
 * sorted records that are never changed; a log, `….log`, what was written last and is in no table yet. Tables of level
 * 0 may overlap each other, those of a level above do not. A record's key is followed by eight bytes: a type (1 it is
 * there, 0 it was deleted) and the number of the write, which says which of several of one key counts.
 *
 * A log is cut into blocks of 32 KiB and holds pieces: checksum (4), length (2), type (1: whole, first, middle, last).
 *
 * A table consists of blocks, each followed by its compression (1 byte) and checksum (4). In a block, a record is the
 * number of bytes its key shares with the one before, of bytes that follow, and of bytes of the value, each a varint,
 * and these bytes; at the end stand offsets (4 bytes each) where keys begin anew, and their number (4). The index is a
 * block of its own: for each block a key not below its last, and where it lies. Where the index lies, the last 48
 * bytes of the file say.
 */
export const logBlock = 1 << 15;
export const pieceHeader = 7;
export const pieceType = { none: 0, whole: 1, first: 2, middle: 3, last: 4 } as const;

export const blockTrailer = 5;
export const footer = 48;
/** The last 8 bytes of a table. */
export const tableMagic = 0xdb4775248b80fb57n;
export const compression = { none: 0, snappy: 1, zstd: 2 } as const;

/** Bytes behind the key a user gave. */
export const keyTrailer = 8;
export const recordType = { deletion: 0, value: 1 } as const;

/** The only order of keys that is supported, and LevelDB's default. */
export const comparator = "leveldb.BytewiseComparator";

/** What is wrong with a database, with its name in front. */
export function damaged(name: string, reason: string): MokaError {
  return new MokaError("MOKA_DATA", `${name} is damaged: ${reason}`);
}

/** Reads varints and byte strings one after the other; throws as soon as they would go beyond the end. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly #name: string;
  at: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, name: string, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.#name = name;
    this.at = at;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#end;
  }

  byte(): number {
    if (this.at >= this.#end) throw damaged(this.#name, "it ends too early");
    return this.bytes[this.at++] ?? 0;
  }

  /** An unsigned number of up to 53 bits. */
  varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 63; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
    }
    throw damaged(this.#name, "a number in it is too large");
  }

  take(length: number): Uint8Array {
    if (length > this.#end - this.at) throw damaged(this.#name, "it ends too early");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** Bytes with their number in front. */
  string(): Uint8Array {
    return this.take(this.varint());
  }
}

/** Less than, equal to or greater than 0, as `a` comes before, with or after `b`. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
