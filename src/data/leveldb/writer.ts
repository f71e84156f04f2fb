import { compareBytes, concat } from "../../util/bytes.js";
import type { DatabaseRecord } from "../../util/database.js";
import { check } from "../../util/errors.js";
import type { Files } from "../../util/files.js";
import { checksum } from "./checksum.js";
import {
  blockTrailer,
  comparator,
  compression,
  footer,
  keyTrailer,
  logBlock,
  manifestTag,
  pieceHeader,
  pieceType,
  recordType,
  tableMagic,
} from "./format.js";

/** Bytes after which a block is closed, as in Caffe's converters. */
const blockSize = 1 << 16;

/** Bytes after which a table is closed. */
const tableSize = 16 << 20;

/** Every 16th key of a block is written in full, as LevelDB does by default. */
const restartInterval = 16;

/** The last level. LevelDB never compacts it: its tables are final. */
const lastLevel = 6;

/**
 * Writes a new LevelDB into an existing folder, table by table as records are added, without compression. All versions of
 * LevelDB read it. The folder is a database only after `finish`.
 *
 * Records must come in the order of their keys, compared byte by byte.
 */
export class LevelDbWriter {
  readonly #files: Files;
  readonly #folder: string;
  /** The next file number. LevelDB itself uses 1 to 3, for the manifest and for the log that it begins. */
  #number = 4;
  #table = new TableWriter();
  #count = 0;
  #lastKey: Uint8Array | undefined;
  /** The manifest's entries for the tables that are written. */
  readonly #tables: number[][] = [];

  constructor(files: Files, folder: string) {
    this.#files = files;
    this.#folder = folder.replace(/\/+$/, "");
  }

  async add(key: DatabaseRecord["key"], value: Uint8Array): Promise<void> {
    const bytes = typeof key === "string" ? new TextEncoder().encode(key) : key.slice();
    const last = this.#lastKey;
    check(
      !last || compareBytes(last, bytes) < 0,
      "MOKA_DATA",
      `the key ${quoted(bytes)} does not come after ${quoted(last)}`,
    );
    this.#lastKey = bytes;
    this.#count += 1;
    this.#table.add(internalKey(bytes, this.#count), value);
    if (this.#table.size >= tableSize) await this.#closeTable();
  }

  async finish(): Promise<void> {
    await this.#closeTable();
    const next = this.#number + 1;
    const start = [
      [manifestTag.comparator, ...lengthAndBytes(bytesOf(comparator))],
      [manifestTag.log, 0],
      [manifestTag.previousLog, 0],
      [manifestTag.nextFile, ...varint(next)],
      [manifestTag.lastWrite, ...varint(this.#count)],
    ];
    // 1000 tables per record: a reader holds a whole record in memory.
    const records = [start.flat()];
    for (let i = 0; i < this.#tables.length; i += 1000) records.push(this.#tables.slice(i, i + 1000).flat());
    const manifest = `MANIFEST-${digits(this.#number)}`;
    await this.#files.write(`${this.#folder}/${manifest}`, logOf(records.map((record) => Uint8Array.from(record))));
    await this.#files.write(`${this.#folder}/CURRENT`, bytesOf(`${manifest}\n`));
  }

  async #closeTable(): Promise<void> {
    const { smallest, largest } = this.#table;
    if (!smallest || !largest) return;
    const chunks = this.#table.finish();
    await this.#files.write(`${this.#folder}/${digits(this.#number)}.ldb`, chunks);
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    this.#tables.push([
      manifestTag.added,
      lastLevel,
      ...varint(this.#number),
      ...varint(size),
      ...lengthAndBytes(smallest),
      ...lengthAndBytes(largest),
    ]);
    this.#number += 1;
    this.#table = new TableWriter();
  }
}

/** One table, in chunks. */
class TableWriter {
  readonly #chunks: Uint8Array[] = [];
  readonly #index = new BlockWriter();
  #block = new BlockWriter();
  size = 0;
  smallest: Uint8Array | undefined;
  largest: Uint8Array | undefined;

  add(key: Uint8Array, value: Uint8Array): void {
    this.smallest ??= key;
    this.largest = key;
    this.#block.add(key, value);
    if (this.#block.size >= blockSize) this.#closeBlock();
  }

  finish(): readonly Uint8Array[] {
    this.#closeBlock();
    const filters = this.#write(new BlockWriter());
    const index = this.#write(this.#index);
    const end = new Uint8Array(footer);
    end.set([...filters, ...index]);
    new DataView(end.buffer).setBigUint64(footer - 8, tableMagic, true);
    this.#chunks.push(end);
    return this.#chunks;
  }

  #closeBlock(): void {
    if (this.#block.size === 0 || !this.largest) return;
    this.#index.add(this.largest, Uint8Array.from(this.#write(this.#block)));
    this.#block = new BlockWriter();
  }

  /** Writes the block, and returns its encoded handle. */
  #write(block: BlockWriter): number[] {
    const bytes = block.finish();
    this.#chunks.push(bytes);
    const handle = [...varint(this.size), ...varint(bytes.length - blockTrailer)];
    this.size += bytes.length;
    return handle;
  }
}

class BlockWriter {
  readonly #parts: Uint8Array[] = [];
  readonly #restarts: number[] = [0];
  #count = 0;
  #lastKey: Uint8Array = new Uint8Array(0);
  size = 0;

  add(key: Uint8Array, value: Uint8Array): void {
    let shared = 0;
    if (this.#count % restartInterval === 0) {
      if (this.#count > 0) this.#restarts.push(this.size);
    } else {
      while (shared < key.length && key[shared] === this.#lastKey[shared]) shared++;
    }
    const rest = key.subarray(shared);
    const head = Uint8Array.from([...varint(shared), ...varint(rest.length), ...varint(value.length)]);
    this.#parts.push(head, rest, value);
    this.size += head.length + rest.length + value.length;
    this.#lastKey = key;
    this.#count += 1;
  }

  /** The block with its restarts, compression and checksum. */
  finish(): Uint8Array {
    const bytes = concat([...this.#parts, new Uint8Array(4 * this.#restarts.length + 4 + blockTrailer)]);
    const view = new DataView(bytes.buffer);
    let at = this.size;
    for (const number of [...this.#restarts, this.#restarts.length]) {
      view.setUint32(at, number, true);
      at += 4;
    }
    view.setUint8(at, compression.none);
    view.setUint32(at + 1, checksum(bytes.subarray(0, at + 1)), true);
    return bytes;
  }
}

/** A log with these records, divided into pieces at the ends of its blocks. */
function logOf(records: readonly Uint8Array[]): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let room = logBlock;
  for (const record of records) {
    for (let from = 0; from === 0 || from < record.length; ) {
      if (room < pieceHeader) {
        chunks.push(new Uint8Array(room));
        room = logBlock;
      }
      const content = record.subarray(from, from + room - pieceHeader);
      const isLast = from + content.length === record.length;
      const type = from === 0 ? (isLast ? "whole" : "first") : isLast ? "last" : "middle";
      const piece = new Uint8Array(pieceHeader + content.length);
      piece[6] = pieceType[type];
      piece.set(content, pieceHeader);
      const view = new DataView(piece.buffer);
      view.setUint32(0, checksum(piece.subarray(6)), true);
      view.setUint16(4, content.length, true);
      chunks.push(piece);
      room -= piece.length;
      from += Math.max(content.length, 1);
    }
  }
  return chunks;
}

/** The user's key, followed by the number and type of the write. */
function internalKey(key: Uint8Array, write: number): Uint8Array {
  const bytes = new Uint8Array(key.length + keyTrailer);
  bytes.set(key);
  new DataView(bytes.buffer).setBigUint64(key.length, BigInt(write) * 256n + BigInt(recordType.value), true);
  return bytes;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

const lengthAndBytes = (bytes: Uint8Array): number[] => [...varint(bytes.length), ...bytes];
const bytesOf = (text: string) => new TextEncoder().encode(text);
const digits = (number: number) => String(number).padStart(6, "0");
const quoted = (key: Uint8Array | undefined) => JSON.stringify(new TextDecoder("latin1").decode(key));
