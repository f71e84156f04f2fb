import { compareBytes } from "../../util/bytes.js";
import type { DatabaseRecord } from "../../util/database.js";
import { check } from "../../util/errors.js";
import {
  integerKey,
  magic,
  maxKey,
  maxNode,
  metaOffset,
  nodeFlag,
  nodeHeader,
  noPage,
  overflowPages,
  pageFlag,
  pageHeader,
  treeOffset,
  version,
} from "./format.js";

/** Size of a page in bytes, as on all machines that Caffe runs on. */
const pageSize = 4096;

/** Pages are allocated in slabs of at least this many bytes. */
const slabSize = 1 << 20;

/** LMDB's default map size in bytes; Caffe doubles it until the data fit. */
const minMapSize = 1 << 20;

/**
 * The content of a `data.mdb` with these records, in chunks to be written one after the other.
 *
 * @param records in the order of their keys, compared byte by byte; keys of 1 to 511 bytes
 * @throws MokaError MOKA_DATA if a key is out of order, occurs twice, or has an invalid length
 */
export function writeLmdb(records: Iterable<DatabaseRecord>): Uint8Array[] {
  const writer = new LmdbWriter();
  for (const { key, value } of records) writer.add(key, value);
  return writer.finish();
}

/** A page, and the least key in it or below it. */
interface Child {
  readonly key: Uint8Array;
  readonly page: number;
}

/** Builds a `data.mdb` record by record, as `writeLmdb` does. */
export class LmdbWriter {
  readonly #pages = new PageSpace();
  readonly #leaves: Child[] = [];
  #leaf: NodePage | undefined;
  #lastKey: Uint8Array = new Uint8Array(0);
  #count = 0;
  #overflowPages = 0;

  add(key: Uint8Array | string, value: Uint8Array): void {
    const bytes = typeof key === "string" ? new TextEncoder().encode(key) : key.slice();
    this.#checkKey(bytes);
    this.#lastKey = bytes;
    this.#count += 1;

    const isBig = nodeHeader + bytes.length + value.length > maxNode(pageSize);
    const bytesInNode = isBig ? 8 : value.length;
    if (!this.#leaf?.hasRoom(bytes, bytesInNode)) {
      this.#leaf = new NodePage(this.#pages, pageFlag.leaf);
      this.#leaves.push({ key: bytes, page: this.#leaf.number });
    }
    const place = this.#leaf.add(bytes, bytesInNode, value.length, isBig ? nodeFlag.bigData : 0);
    if (isBig) setPageNumber(place, this.#addOverflow(value));
    else place.set(value);
  }

  /** The chunks of the whole file. The writer cannot be used afterwards. */
  finish(): Uint8Array[] {
    let level: readonly Child[] = this.#leaves;
    let depth = Math.min(level.length, 1);
    let branchPages = 0;
    for (; level.length > 1; depth++) {
      level = groupChildren(level).map((children) => this.#addBranch(children));
      branchPages += level.length;
    }
    this.#pages.writeMeta(0, undefined);
    this.#pages.writeMeta(1, {
      depth,
      branchPages,
      leafPages: this.#leaves.length,
      overflowPages: this.#overflowPages,
      count: this.#count,
      root: level[0]?.page,
    });
    return this.#pages.finish();
  }

  #addBranch(children: readonly Child[]): Child {
    const branch = new NodePage(this.#pages, pageFlag.branch);
    children.forEach(({ key, page }, index) => {
      branch.add(index === 0 ? new Uint8Array(0) : key, 0, page % 2 ** 32, Math.floor(page / 2 ** 32));
    });
    return { key: children[0]?.key ?? new Uint8Array(0), page: branch.number };
  }

  #addOverflow(value: Uint8Array): number {
    const pages = overflowPages(value.length, pageSize);
    this.#overflowPages += pages;
    const { number, bytes } = this.#pages.allocate(pages);
    writePageHeader(bytes, number, pageFlag.overflow);
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(12, pages, true);
    bytes.set(value, pageHeader);
    return number;
  }

  #checkKey(key: Uint8Array): void {
    const { length } = key;
    check(length >= 1 && length <= maxKey, "MOKA_DATA", `a key of ${length} bytes, where LMDB allows 1 to ${maxKey}`);
    if (compareBytes(this.#lastKey, key) < 0) return;
    const [last, next] = [this.#lastKey, key].map((bytes) => JSON.stringify(new TextDecoder().decode(bytes)));
    check(false, "MOKA_DATA", `keys must come in the order of their bytes, each once: ${next} came after ${last}`);
  }
}

/**
 * Groups children into branch pages, which are filled one after the other. Every page gets at least two: LMDB
 * refuses a branch page with one node as damaged.
 */
function groupChildren(children: readonly Child[]): Child[][] {
  const groups: Child[][] = [];
  let left = 0;
  for (const child of children) {
    left -= nodeSize(child.key.length);
    if (left < 0) {
      groups.push([]);
      left = pageSize - pageHeader - nodeSize(0);
    }
    groups.at(-1)?.push(child);
  }
  const [before, last] = groups.slice(-2);
  const moved = last?.length === 1 ? before?.pop() : undefined;
  if (moved) last?.unshift(moved);
  return groups;
}

/** Bytes that a node takes in its page, with its 2-byte offset. `content` is the bytes of its key and value. */
function nodeSize(content: number): number {
  return nodeHeader + content + (content % 2) + 2;
}

/** A branch or leaf page that nodes are added to. */
class NodePage {
  readonly number: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #lower = pageHeader;
  #upper = pageSize;

  constructor(pages: PageSpace, flags: number) {
    const { number, bytes } = pages.allocate(1);
    this.number = number;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    writePageHeader(bytes, number, flags);
  }

  hasRoom(key: Uint8Array, value: number): boolean {
    return nodeSize(key.length + value) <= this.#upper - this.#lower;
  }

  /** Adds a node with room for `value` bytes, and returns that room. */
  add(key: Uint8Array, value: number, low: number, flags: number): Uint8Array {
    this.#upper -= nodeSize(key.length + value) - 2;
    const node = this.#upper;
    this.#view.setUint16(this.#lower, node, true);
    this.#lower += 2;
    this.#view.setUint16(12, this.#lower, true);
    this.#view.setUint16(14, this.#upper, true);

    const start = node + nodeHeader + key.length;
    this.#view.setUint32(node, low, true);
    this.#view.setUint16(node + 4, flags, true);
    this.#view.setUint16(node + 6, key.length, true);
    this.#bytes.set(key, node + nodeHeader);
    return this.#bytes.subarray(start, start + value);
  }
}

interface Tree {
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly count: number;
  readonly root: number | undefined;
}

/** The pages of a file, the two meta pages first. */
class PageSpace {
  readonly #slabs: Uint8Array[] = [];
  #slab = new Uint8Array(slabSize);
  #used = 0;
  #count = 0;
  readonly #meta = this.allocate(2).bytes;

  /** Allocates adjacent pages, filled with zeros. */
  allocate(pages: number): { readonly number: number; readonly bytes: Uint8Array } {
    const length = pages * pageSize;
    if (this.#used + length > this.#slab.length) {
      this.#slabs.push(this.#slab.subarray(0, this.#used));
      this.#slab = new Uint8Array(Math.max(slabSize, length));
      this.#used = 0;
    }
    const bytes = this.#slab.subarray(this.#used, this.#used + length);
    const number = this.#count;
    this.#used += length;
    this.#count += pages;
    return { number, bytes };
  }

  /** Writes meta page `index` as the state after transaction `index`. Transaction 0 has no tree. */
  writeMeta(index: 0 | 1, tree: Tree | undefined): void {
    const bytes = this.#meta.subarray(index * pageSize, (index + 1) * pageSize);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const setLong = (offset: number, value: number | bigint) => view.setBigUint64(offset, BigInt(value), true);
    writePageHeader(bytes, index, pageFlag.meta);
    view.setUint32(metaOffset.magic, magic, true);
    view.setUint32(metaOffset.version, version, true);
    setLong(metaOffset.mapSize, 2 ** Math.ceil(Math.log2(Math.max(this.#count * pageSize, minMapSize))));
    view.setUint32(metaOffset.pageSize, pageSize, true);
    view.setUint16(metaOffset.freeFlags, integerKey, true);
    setLong(metaOffset.freeRoot, noPage);
    view.setUint16(metaOffset.db + treeOffset.depth, tree?.depth ?? 0, true);
    setLong(metaOffset.db + treeOffset.branchPages, tree?.branchPages ?? 0);
    setLong(metaOffset.db + treeOffset.leafPages, tree?.leafPages ?? 0);
    setLong(metaOffset.db + treeOffset.overflowPages, tree?.overflowPages ?? 0);
    setLong(metaOffset.db + treeOffset.entries, tree?.count ?? 0);
    setLong(metaOffset.db + treeOffset.root, tree?.root ?? noPage);
    setLong(metaOffset.lastPage, tree ? this.#count - 1 : 1);
    setLong(metaOffset.transaction, index);
  }

  finish(): Uint8Array[] {
    return [...this.#slabs, this.#slab.subarray(0, this.#used)];
  }
}

function writePageHeader(bytes: Uint8Array, number: number, flags: number): void {
  setPageNumber(bytes, number);
  new DataView(bytes.buffer, bytes.byteOffset).setUint16(10, flags, true);
}

function setPageNumber(bytes: Uint8Array, number: number): void {
  new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(0, BigInt(number), true);
}
