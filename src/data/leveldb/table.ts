import { compareBytes } from "../../util/bytes.js";
import { MokaError } from "../../util/errors.js";
import type { ByteSource } from "../../util/files.js";
import { checksum } from "./checksum.js";
import { ByteReader, blockTrailer, compression, damaged, footer, keyTrailer, tableMagic } from "./format.js";
import { decompressSnappy } from "./snappy.js";

/** A record of a table or a log: the user's key, the 8 bytes after it as a number, and the value. */
export interface Entry {
  readonly key: Uint8Array;
  /** The number of its write times 256, and its type. */
  readonly trailer: bigint;
  readonly value: Uint8Array;
}

/** The byte offset and the size in bytes of a block. */
interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

/** A table, whose records are read in order. `close` closes the source. */
export class Table {
  readonly #source: ByteSource;
  readonly #name: string;
  readonly #index: readonly { readonly lastKey: Uint8Array; readonly handle: BlockHandle }[];

  constructor(source: ByteSource, name: string) {
    this.#source = source;
    this.#name = name;
    const index = this.#block(this.#indexHandle());
    this.#index = Array.from(this.#records(index), ({ key, value }) => ({
      lastKey: key,
      handle: readHandle(new ByteReader(value, name)),
    }));
  }

  /** The records in order, from the first whose key is not less than `from`. */
  *entries(from?: Uint8Array): Generator<Entry> {
    const first = from ? this.#index.findIndex(({ lastKey }) => compareBytes(lastKey, from) >= 0) : 0;
    if (first < 0) return;
    for (const { handle } of this.#index.slice(first)) {
      for (const entry of this.#records(this.#block(handle))) {
        if (!from || compareBytes(entry.key, from) >= 0) yield entry;
      }
    }
  }

  close(): void {
    this.#source.close();
  }

  #indexHandle(): BlockHandle {
    const { size } = this.#source;
    const bytes = this.#source.read(Math.max(0, size - footer), footer);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (bytes.length < footer || view.getBigUint64(footer - 8, true) !== tableMagic) {
      throw damaged(this.#name, "it does not end as a table of LevelDB does");
    }
    const reader = new ByteReader(bytes, this.#name);
    readHandle(reader); // skips the handle of the filters, which are not needed
    return readHandle(reader);
  }

  /** The content of a block, decompressed. */
  #block({ offset, size }: BlockHandle): Uint8Array {
    const { size: end } = this.#source;
    if (offset + size + blockTrailer > end) throw damaged(this.#name, `it ends before its block at byte ${offset}`);
    const bytes = this.#source.read(offset, size + blockTrailer);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (checksum(bytes.subarray(0, size + 1)) !== view.getUint32(size + 1, true)) {
      throw damaged(this.#name, `the block at byte ${offset} has a wrong checksum`);
    }
    const type = bytes[size];
    const content = bytes.subarray(0, size);
    if (type === compression.none) return content;
    if (type === compression.snappy) return decompressSnappy(content, this.#name);
    const how = type === compression.zstd ? "Zstandard" : `method ${type}`;
    throw new MokaError("MOKA_UNSUPPORTED", `${this.#name} is compressed by ${how}; LevelDBs of Caffe have Snappy`);
  }

  *#records(block: Uint8Array): Generator<Entry> {
    const view = new DataView(block.buffer, block.byteOffset, block.length);
    const end = block.length < 4 ? -1 : block.length - 4 - 4 * view.getUint32(block.length - 4, true);
    if (end < 0) throw damaged(this.#name, "a block in it is too short");
    const reader = new ByteReader(block, this.#name, 0, end);
    let key = new Uint8Array(0);
    while (!reader.isAtEnd) {
      const shared = reader.varint();
      const added = reader.varint();
      const length = reader.varint();
      const rest = reader.take(added);
      if (shared > key.length || shared + added < keyTrailer) throw damaged(this.#name, "a key in it is invalid");
      const next = new Uint8Array(shared + added);
      next.set(key.subarray(0, shared));
      next.set(rest, shared);
      key = next;
      const keyLength = key.length - keyTrailer;
      const trailer = new DataView(key.buffer).getBigUint64(keyLength, true);
      yield { key: key.subarray(0, keyLength), trailer, value: reader.take(length) };
    }
  }
}

function readHandle(reader: ByteReader): BlockHandle {
  return { offset: reader.varint(), size: reader.varint() };
}
