import { compareBytes } from "../../util/bytes.js";
import type { Database, DatabaseCursor } from "../../util/database.js";
import { check, MokaError } from "../../util/errors.js";
import type { ByteSource, Files } from "../../util/files.js";
import {
  dupSort,
  magic,
  maxDepth,
  metaOffset,
  noPage,
  overflowPages,
  pageFlag,
  pageHeader,
  treeOffset,
  version,
} from "./format.js";
import { damaged, Page } from "./page.js";

/**
 * Opens an LMDB for reading, given the folder with its `data.mdb`, or that file. No lock is taken: no other process
 * may write to the database at the same time; none does with Caffe's data sets.
 *
 * @throws MokaError MOKA_FILE if there is no such file, MOKA_DATA if it is not an LMDB
 */
export async function openLmdb(files: Files, path: string): Promise<Lmdb> {
  if (!(await files.isFolder(path))) return new Lmdb(await files.open(path), path);
  const folder = path.replace(/\/+$/, "");
  try {
    return new Lmdb(await files.open(`${folder}/data.mdb`), path);
  } catch (error) {
    const isLevelDb = (await files.list(path)).includes("CURRENT");
    if (isLevelDb) throw damaged(path, "it is a LevelDB, not an LMDB (backend: LEVELDB)");
    throw error;
  }
}

/** A database of records sorted by key, read page by page from `source`. */
export class Lmdb implements Database {
  /** Number of records. */
  readonly count: number;
  readonly name: string;
  readonly #source: ByteSource;
  readonly #meta: Meta;

  constructor(source: ByteSource, name: string) {
    this.name = name;
    this.#source = source;
    try {
      this.#meta = readMeta(source, name);
    } catch (error) {
      source.close();
      throw error;
    }
    this.count = this.#meta.count;
  }

  /** A new cursor without a current record. */
  cursor(): LmdbCursor {
    return new LmdbCursor(this, this.#meta);
  }

  close(): void {
    this.#source.close();
  }

  /** A branch or leaf page. */
  page(number: number): Page {
    return new Page(this.#pages(number, 1, this.#meta.pageSize), number, this.name);
  }

  /** A value of `length` bytes on overflow pages, the first of which is `number`. */
  overflow(number: number, length: number): Uint8Array {
    const { pageSize } = this.#meta;
    const wanted = overflowPages(length, pageSize);
    const bytes = this.#pages(number, wanted, pageHeader + length);
    const view = new DataView(bytes.buffer, bytes.byteOffset, pageHeader);
    const pages = view.getUint32(12, true);
    if (view.getBigUint64(0, true) !== BigInt(number) || view.getUint16(10, true) !== pageFlag.overflow) {
      throw damaged(this.name, `page ${number} is damaged: no value of ${length} bytes begins there`);
    }
    if (pages < wanted) {
      throw damaged(this.name, `page ${number} is damaged: ${pages} pages for a value of ${length} bytes`);
    }
    return bytes.subarray(pageHeader);
  }

  #pages(number: number, pages: number, length: number): Uint8Array {
    const { pageSize, lastPage } = this.#meta;
    if (number < 2 || number + pages - 1 > lastPage) {
      throw damaged(this.name, `damaged: it refers to page ${number}, and has data on pages 2 to ${lastPage}`);
    }
    const bytes = this.#source.read(number * pageSize, length);
    if (bytes.length === length) return bytes;
    throw damaged(
      this.name,
      `cut off: page ${number} should be at byte ${number * pageSize}, it ends at ${this.#source.size}`,
    );
  }
}

/**
 * Reads the records in the order of their keys. `key` and `value` are views whose content does not change. A view
 * keeps the bytes it was read from in memory; copy it to store it for long.
 */
class LmdbCursor implements DatabaseCursor {
  readonly #db: Lmdb;
  readonly #meta: Meta;
  /** The path from the root to the current record. */
  readonly #path: { readonly page: Page; index: number }[] = [];
  /** Number of records before the current one. */
  #position = 0;

  constructor(db: Lmdb, meta: Meta) {
    this.#db = db;
    this.#meta = meta;
  }

  /** Whether there is a current record: there is none before `first()`, or after the last record. */
  get valid(): boolean {
    return this.#path.length > 0;
  }

  get position(): number {
    return this.#position;
  }

  get key(): Uint8Array {
    const { page, index } = this.#leaf();
    return page.key(index);
  }

  get value(): Uint8Array {
    const { page, index } = this.#leaf();
    const value = page.value(index);
    return value instanceof Uint8Array ? value : this.#db.overflow(value.page, value.length);
  }

  /** Goes to the first record; false if there is none. */
  first(): boolean {
    this.#path.length = 0;
    this.#position = 0;
    if (this.#meta.root !== undefined) this.#descend(this.#meta.root);
    return this.valid;
  }

  /** Goes to the next record; false if there is none. */
  next(): boolean {
    this.#leaf();
    return this.#advance(1);
  }

  /**
   * Goes to the record with index `position`; false if there is none, or if its key is not `key`.
   * It reads all leaf pages before it.
   */
  seek(position: number, key?: Uint8Array): boolean {
    if (!this.first() || !this.#advance(position)) return false;
    return key === undefined || compareBytes(key, this.key) === 0;
  }

  #advance(records: number): boolean {
    for (let left = records; left > 0; ) {
      const leaf = this.#leaf();
      const step = Math.min(left, leaf.page.count - leaf.index);
      leaf.index += step;
      left -= step;
      this.#position += step;
      if (leaf.index === leaf.page.count && !this.#nextLeaf()) break;
    }
    return this.valid;
  }

  #nextLeaf(): boolean {
    this.#path.pop();
    for (let top = this.#path.at(-1); top; top = this.#path.at(-1)) {
      top.index += 1;
      if (top.index < top.page.count) {
        this.#descend(top.page.child(top.index));
        return true;
      }
      this.#path.pop();
    }
    if (this.#position === this.#meta.count) return false;
    throw damaged(this.#db.name, `damaged: it ends after ${this.#position} of ${this.#meta.count} records`);
  }

  /** Goes to the leftmost leaf below a page. All leaves must have the same depth, so a damaged tree cannot loop. */
  #descend(number: number): void {
    for (let next = number; ; ) {
      const page = this.#db.page(next);
      this.#path.push({ page, index: 0 });
      if (page.isLeaf !== (this.#path.length === this.#meta.depth)) {
        throw damaged(this.#db.name, `damaged: page ${next} is not at its level of the tree`);
      }
      if (page.isLeaf) break;
      next = page.child(0);
    }
    if (this.#position < this.#meta.count) return;
    throw damaged(this.#db.name, `damaged: it has more than its ${this.#meta.count} records`);
  }

  #leaf(): { readonly page: Page; index: number } {
    const leaf = this.#path.at(-1);
    check(leaf, "MOKA_USAGE", `${this.#db.name}: the cursor has no current record`);
    return leaf;
  }
}

/** The least size of a record in bytes: a node with a key of one byte, rounded up to 10, and its 2-byte offset. */
const minRecordBytes = 12;

interface Meta {
  readonly pageSize: number;
  readonly transaction: bigint;
  readonly lastPage: number;
  readonly count: number;
  readonly depth: number;
  /** The page number of the tree's root; undefined if there are no records. */
  readonly root: number | undefined;
}

/** The newer valid one of the two meta pages; the other may be incomplete. */
function readMeta(source: ByteSource, name: string): Meta {
  check(source.size > 0, "MOKA_DATA", `${name}: the file is empty, no LMDB`);
  const first = attempt(() => metaAt(source, 0, name));
  const pageSizes = first instanceof MokaError ? [4096, 8192, 16384, 32768, 512, 1024, 2048] : [first.pageSize];
  const second = pageSizes.map((pageSize) => attempt(() => metaAt(source, pageSize, name)));
  const metas = [first, ...second].flatMap((meta) => (meta instanceof MokaError ? [] : [meta]));
  const newest = metas.reduce<Meta | undefined>((a, b) => (a && a.transaction >= b.transaction ? a : b), undefined);
  if (newest) return newest;
  throw first;
}

function attempt<T>(work: () => T): T | MokaError {
  try {
    return work();
  } catch (error) {
    if (error instanceof MokaError) return error;
    throw error;
  }
}

function metaAt(source: ByteSource, offset: number, name: string): Meta {
  const bytes = source.read(offset, metaOffset.end);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < metaOffset.end) throw damaged(name, `${source.size} bytes are no LMDB`);
  if (view.getUint32(metaOffset.magic, true) !== magic) throw damaged(name, `no LMDB${otherMachine(view)}`);
  const found = view.getUint32(metaOffset.version, true);
  check(found === version, "MOKA_UNSUPPORTED", `${name}: an LMDB of format version ${found}; Moka reads ${version}`);

  const tree = metaOffset.db;
  const pageSize = view.getUint32(metaOffset.pageSize, true);
  const lastPage = Number(view.getBigUint64(metaOffset.lastPage, true));
  const flags = view.getUint16(tree + treeOffset.flags, true);
  const depth = view.getUint16(tree + treeOffset.depth, true);
  const count = Number(view.getBigUint64(tree + treeOffset.entries, true));
  const root = view.getBigUint64(tree + treeOffset.root, true);
  check(
    (flags & dupSort) === 0,
    "MOKA_UNSUPPORTED",
    `${name}: an LMDB of keys with several values, which Caffe does not have`,
  );
  const isConsistent =
    pageSize >= 512 &&
    pageSize <= 32768 &&
    (pageSize & (pageSize - 1)) === 0 &&
    (offset === 0 || offset === pageSize) &&
    lastPage >= 1 &&
    (root === noPage ? count === 0 : depth >= 1 && depth <= maxDepth && count >= 1) &&
    count * minRecordBytes <= source.size;
  if (!isConsistent) throw damaged(name, "damaged: its meta page contradicts itself");
  return {
    pageSize,
    transaction: view.getBigUint64(metaOffset.transaction, true),
    lastPage,
    count,
    depth,
    root: root === noPage ? undefined : Number(root),
  };
}

/** For a message: the kind of machine that wrote the database, where the place of the magic number tells. */
function otherMachine(view: DataView): string {
  if (view.getUint32(12, true) === magic) return " of a 64-bit machine: it was written on a 32-bit one";
  if (view.getUint32(metaOffset.magic) === magic)
    return " of a little-endian machine: it was written on a big-endian one";
  return "";
}
