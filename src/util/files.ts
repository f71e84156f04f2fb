import { check, MokaError } from "./errors.js";

/**
 * One file, wherever a file is read: its path; an address (`http:`, `https:`, `data:`, `blob:`, and, where there is a file system,
 * `file:`); its bytes; or a `Blob`, such as the `File` that a user chose in a page.
 */
export type FileSource = string | URL | Uint8Array | ArrayBuffer | Blob;

/**
 * The file system as Moka uses it; each platform implements it, and `createFiles` makes one in memory.
 * All failures are `MokaError`s with code `MOKA_FILE` that name the path.
 */
export interface Files {
  /** Whether nothing can be written, as in a page that gave no files. Then a solver can take steps, but no snapshots. */
  readonly readOnly?: boolean;
  /**
   * Resolves a path from a prototxt: relative to the working directory, as in Caffe, if that exists; else relative to the
   * folder of `from`, the file that names it, if that exists. Otherwise the path does not change.
   */
  resolve(path: string, from?: string): Promise<string>;
  /** All bytes of a file. */
  read(path: string): Promise<Uint8Array>;
  /** A file as text, in UTF-8. */
  readText(path: string): Promise<string>;
  /** Opens a file that may be too large for memory, such as an LMDB. */
  open(path: string): Promise<ByteSource>;
  /**
   * Writes a temporary file beside `path` and renames it, so that a file is always complete, even after a crash. Several
   * chunks make one file.
   */
  write(path: string, chunks: Uint8Array | readonly Uint8Array[]): Promise<void>;
  /**
   * Fails if no file can be written to `path`. May create a temporary file beside it and remove it again; with `readOnly`
   * it only looks at the folder.
   */
  probe(path: string, options?: { readonly readOnly?: boolean }): Promise<void>;
  /** Creates a folder and its parents, if they do not exist. */
  makeFolder(path: string): Promise<void>;
  /** Whether there is a folder. */
  isFolder(path: string): Promise<boolean>;
  /** Whether there is a file or a folder. */
  exists(path: string): Promise<boolean>;
  /** The names of the files and folders in a folder, sorted. */
  list(path: string): Promise<string[]>;
}

/** Bytes that are read in pieces. Reading is synchronous because a database reads pages in its innermost loop. */
export interface ByteSource {
  /** Number of bytes. */
  readonly size: number;
  /** `length` bytes from byte `offset` on, fewer at the end. The result may be a view: copy it to keep it. */
  read(offset: number, length: number): Uint8Array;
  /** Closes the file; it is not read afterwards. */
  close(): void;
}

/** The bytes of a file. Bytes that were given are returned as they are. */
export async function readSource(files: Files, source: FileSource): Promise<Uint8Array> {
  if (isPath(source)) return files.read(pathOf(source));
  const content = contentOf(source);
  return content instanceof Blob ? blobBytes(content) : content;
}

/** What a file holds that is not given by its path. */
export function contentOf(source: Exclude<FileSource, string | URL>): Uint8Array | Blob {
  if (source instanceof Uint8Array || source instanceof Blob) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  const wanted = "its path or address, its bytes (Uint8Array or ArrayBuffer), or a Blob";
  throw new MokaError("MOKA_USAGE", `a file is wanted: ${wanted}; this is ${described(source)}`);
}

/** A value of a wrong kind, in words, for errors. */
export function described(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Promise) return "a Promise: await it";
  const { name = "Object" } = value.constructor ?? {};
  return name === "Object" ? `an object with ${Object.keys(value).join(", ") || "nothing in it"}` : `of class ${name}`;
}

/**
 * A file's name: its path or address (of `data:` what comes before the content), or the name of a page's `File`; undefined for
 * bytes and other `Blob`s.
 */
export function sourceName(source: FileSource): string | undefined {
  if (isPath(source)) return addressName(pathOf(source));
  const content = contentOf(source);
  return "name" in content && typeof content.name === "string" ? content.name : undefined;
}

/** An address for messages, without the content that one of `data:` has. */
export function addressName(path: string): string {
  return /^data:/i.test(path) ? path.replace(/,.*/s, "") : path;
}

/** Whether a file is given by its path or address. */
export function isPath(source: unknown): source is string | URL {
  return typeof source === "string" || source instanceof URL;
}

export function isFile(value: unknown): value is FileSource {
  return [URL, Uint8Array, ArrayBuffer, Blob].some((type) => value instanceof type) || typeof value === "string";
}

/** @throws MokaError `MOKA_FILE` for an empty path, and a `file:` address that stands for none; `MOKA_USAGE` for what is no path */
export function pathOf(source: string | URL): string {
  check(isPath(source), "MOKA_USAGE", `a path is wanted, a string or a URL; this is ${described(source)}`);
  const path = String(source);
  check(path !== "", "MOKA_FILE", "the path of a file is empty");
  const file = /^file:\/\/(?:localhost)?(\/[^?#]*)/i.exec(path)?.[1];
  if (file === undefined) return path;
  try {
    return decodeURIComponent(file).replace(/^\/(?=[a-z]:)/i, ""); // of Windows: C:/…
  } catch (error) {
    throw new MokaError("MOKA_FILE", `${path} stands for no path: it is not encoded as an address`, { cause: error });
  }
}

export async function blobBytes(blob: Blob): Promise<Uint8Array> {
  return new Uint8Array(await blob.arrayBuffer());
}

/** The result of `read` for a file, which is open until `read` resolves. */
export async function readFrom<T>(
  files: Files,
  path: string,
  read: (source: ByteSource, path: string) => T | Promise<T>,
): Promise<T> {
  const source = await files.open(path);
  try {
    return await read(source, path);
  } finally {
    source.close();
  }
}

/** The text of a file's first `length` bytes. */
export async function readHead(files: Files, path: string, length: number): Promise<string> {
  return readFrom(files, path, (source) => new TextDecoder().decode(source.read(0, length)));
}

/** Bytes already in memory as a source. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
    close: () => {},
  };
}
