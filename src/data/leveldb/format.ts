import { MokaError } from "../../util/errors.js";

/**
 * The files of a LevelDB, as far as a reader needs them. Numbers in parentheses are sizes in bytes.
 *
 * `CURRENT` names the manifest, `MANIFEST-…`, a log of changes to the list of tables. A table, `….ldb` or `….sst`, holds
 * sorted records and never changes. A log, `….log`, holds the last writes, which are in no table yet. Tables of level 0
 * may overlap each other; those of another level do not. After a record's key are 8 bytes: a type (1 byte: 1 value,
 * 0 deletion) and the number of the write (7 bytes). Of several records with one key, the highest number counts.
 *
 * A log consists of blocks of 32 KiB with pieces: checksum (4), length (2), type (1: whole, first, middle, last), data.
 *
 * A table consists of blocks, each followed by its compression (1) and checksum (4). A record in a block is three
 * varints, the number of bytes that its key shares with the previous key, the number of other bytes of the key, and the
 * number of bytes of the value, followed by the latter two. A block ends with the offsets (4 each) of the records whose
 * keys share nothing, and their number (4). The index is a block with a record for each block: a key not less than its
 * last one, and its offset and size. The last 48 bytes of the file give the offset and size of the index.
 */
export const logBlock = 1 << 15;
export const pieceHeader = 7;
export const pieceType = { none: 0, whole: 1, first: 2, middle: 3, last: 4 } as const;

export const blockTrailer = 5;
export const footer = 48;
/** The last 8 bytes of a table. */
export const tableMagic = 0xdb4775248b80fb57n;
export const compression = { none: 0, snappy: 1, zstd: 2 } as const;

/** Bytes after the user's key. */
export const keyTrailer = 8;
export const recordType = { deletion: 0, value: 1 } as const;

/** The kinds of entries in the manifest. */
export const manifestTag = {
  comparator: 1,
  log: 2,
  nextFile: 3,
  lastWrite: 4,
  pointer: 5,
  deleted: 6,
  added: 7,
  previousLog: 9,
} as const;

/** LevelDB's default order of keys, and the only one that is supported. */
export const comparator = "leveldb.BytewiseComparator";

/** An error about a damaged database or file `name`. */
export function damaged(name: string, reason: string): MokaError {
  return new MokaError("MOKA_DATA", `${name} is damaged: ${reason}`);
}

/** Reads varints and byte strings one after the other. It throws an error instead of reading past the end. */
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

  /** Bytes that follow a varint with their number. */
  string(): Uint8Array {
    return this.take(this.varint());
  }
}
