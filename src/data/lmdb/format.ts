/**
 * The file format of LMDB 0.9 on 64-bit little-endian machines, as far as data sets use it; (8) means 8 bytes.
 *
 * A file is an array of pages. Pages 0 and 1 are the meta pages, which are written alternately. Each names the root
 * of a B+ tree; the one with the higher transaction number is valid. All other pages start with a header:
 *
 *     0 page number (8)   8 unused (2)   10 flags (2)   12 lower (2)   14 upper (2)
 *
 * In branch and leaf pages, an array of 2-byte offsets of the nodes follows, which ends at `lower`. The nodes fill the
 * page from its end down to `upper`. The first page of an overflow value has the number of its pages (4) in place of
 * lower and upper, and the value follows. A node is
 *
 *     0 low (2)   2 high (2)   4 flags (2)   6 key length (2)   8 key   value
 *
 * with the length of its value in low and high, or, in a branch page, the child's page number in low, high and flags.
 * The first key of a branch page is empty: it is less than all others. A value that is too long for its page is on
 * overflow pages, and the node holds the number of the first.
 */

export const magic = 0xbeefc0de;
export const version = 1;

/** Size in bytes of the header of a page, and of a node. */
export const pageHeader = 16;
export const nodeHeader = 8;

/** A page number that means: no tree. */
export const noPage = 2n ** 64n - 1n;

export const pageFlag = { branch: 0x01, leaf: 0x02, overflow: 0x04, meta: 0x08, leaf2: 0x20 } as const;
export const nodeFlag = { bigData: 0x01, subData: 0x02, dupData: 0x04 } as const;

/** Byte offsets of the fields of a meta page. `db` is the description of the data's tree. */
export const metaOffset = {
  magic: 16,
  version: 20,
  mapSize: 32,
  pageSize: 40,
  freeFlags: 44,
  freeRoot: 80,
  db: 88,
  lastPage: 136,
  transaction: 144,
  end: 152,
} as const;

/** Byte offsets of the fields in the description of a tree. */
export const treeOffset = {
  flags: 4,
  depth: 6,
  branchPages: 8,
  leafPages: 16,
  overflowPages: 24,
  entries: 32,
  root: 40,
} as const;

/** The flag of the free list's tree: its keys are integers. */
export const integerKey = 0x08;

/** The flag of a tree whose keys have several values each. */
export const dupSort = 0x04;

/** The greatest length of a key in bytes; LMDB's tools refuse longer keys. */
export const maxKey = 511;

/** The greatest depth of a tree that LMDB itself can read. */
export const maxDepth = 32;

/** The number of overflow pages of a value of `length` bytes. */
export function overflowPages(length: number, pageSize: number): number {
  return Math.floor((pageHeader - 1 + length) / pageSize) + 1;
}

/** The greatest size of a node in bytes: two must fit on a page. The value of a larger one is on overflow pages. */
export function maxNode(pageSize: number): number {
  return (((pageSize - pageHeader) / 2) & -2) - 2;
}
