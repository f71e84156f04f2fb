/** A database of records sorted by key, as data layers read them: an LMDB or a LevelDB. */
export interface Database {
  /** The path that the user gave. */
  readonly name: string;
  /** The number of records, if it is known without reading them. */
  readonly count?: number | undefined;
  /** A new cursor without a current record. */
  cursor(): DatabaseCursor;
  close(): void;
}

/**
 * Reads the records in the order of their keys, compared byte by byte. A method that moves it returns a promise only if
 * a file must be opened first: a data layer reads 100,000 records a second. `key` and `value` are views whose content
 * does not change. A view keeps the bytes it was read from in memory; copy it to store it for long.
 */
export interface DatabaseCursor {
  /** Whether there is a current record: there is none before `first()`, or after the last record. */
  readonly valid: boolean;
  /** Number of records before the current one. */
  readonly position: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Goes to the first record; false if there is none. */
  first(): boolean | Promise<boolean>;
  /** Goes to the next record; false if there is none. */
  next(): boolean | Promise<boolean>;
  /** Goes to the record with this position and key, which another cursor had; false if there is no such record. */
  seek(position: number, key: Uint8Array): boolean | Promise<boolean>;
}

/** A record to write. */
export interface DatabaseRecord {
  readonly key: Uint8Array | string;
  readonly value: Uint8Array;
}
