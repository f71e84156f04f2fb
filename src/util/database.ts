/** A database of records sorted by key, as data layers read them: an LMDB or a LevelDB. */
export interface Database {
  /** What the user named: a path. */
  readonly name: string;
  /** A new cursor, which stands on no record yet. */
  cursor(): DatabaseCursor;
  close(): void;
}

/**
 * Goes through the records in the order of their keys, compared byte by byte. What moves it answers at once wherever
 * it can, because a data layer asks for a hundred thousand records a second, and with a promise where a file must be
 * opened first. `key` and `value` are views, which stay as they are; copy them to keep them longer than a while.
 */
export interface DatabaseCursor {
  /** Whether there is a current record; not before `first()`, and not after the last. */
  readonly valid: boolean;
  /** Records before the current one. */
  readonly position: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Goes to the first record; false if there is none. */
  first(): boolean | Promise<boolean>;
  /** Goes to the next record; false if there is none. */
  next(): boolean | Promise<boolean>;
  /** Goes to the record at this position, with this key, as another cursor told them; false if it is not there. */
  seek(position: number, key: Uint8Array): boolean | Promise<boolean>;
}

/** A record to write. */
export interface DatabaseRecord {
  readonly key: Uint8Array | string;
  readonly value: Uint8Array;
}
