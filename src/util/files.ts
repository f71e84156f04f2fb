/**
 * The file operations that Moka needs. Each platform implements them.
 * All errors are `MokaError`s with code `MOKA_FILE` that name the path.
 */
export interface Files {
  /**
   * Resolves a path from a prototxt. The path is unchanged if it exists (as in Caffe, relative to the
   * working directory). If not, and it exists relative to the folder of `from`, the file that names it,
   * that path is returned.
   */
  resolve(path: string, from?: string): Promise<string>;
  read(path: string): Promise<Uint8Array>;
  readText(path: string): Promise<string>;
  /** Opens a file that may be too large for memory, such as an LMDB. */
  open(path: string): Promise<ByteSource>;
  /**
   * Writes to a temporary name beside `path` and renames it, so that an incomplete file is never seen at
   * `path`, even after a crash. Several chunks make one file.
   */
  write(path: string, chunks: Uint8Array | readonly Uint8Array[]): Promise<void>;
  /** Throws an error if no file can be written to `path`. No file is left there. */
  probe(path: string): Promise<void>;
  /** Creates a folder and its parents. An existing folder is no error. */
  makeFolder(path: string): Promise<void>;
  isFolder(path: string): Promise<boolean>;
  /** The names of the files and folders in a folder, sorted. */
  list(path: string): Promise<string[]>;
}

/** Bytes that are read in pieces. Reading is synchronous because a database reads pages in its innermost loop. */
export interface ByteSource {
  readonly size: number;
  /** `length` bytes from `offset`, fewer at the end. The result may be a view: copy it to store it for long. */
  read(offset: number, length: number): Uint8Array;
  close(): void;
}

/** Bytes in memory as a source. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
    close: () => {},
  };
}
