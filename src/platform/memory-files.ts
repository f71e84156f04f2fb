import { concat } from "../util/bytes.js";
import { check, MokaError } from "../util/errors.js";
import { type ByteSource, blobBytes, bytesSource, contentOf, type Files } from "../util/files.js";

/** What a file in memory holds: text, bytes or a `Blob`. */
export type FileContent = string | Uint8Array | ArrayBuffer | Blob;

/** Files in memory: what a program gives Moka to read, and what Moka writes for it. See `createFiles`. */
export interface MemoryFiles extends Files {
  /** Adds a file, or replaces it. Its bytes are not copied; a `Blob` is read each time that the file is. */
  add(path: string, content: FileContent): void;
  /** Removes a file and returns what it holds; undefined if there is none. */
  take(path: string): Uint8Array | Blob | undefined;
  /** The paths of all files, sorted. */
  paths(): string[];
}

/**
 * Files in memory, for the option `files` of all functions that read or write files. What they write is there to be read:
 * `await files.read("net.caffemodel")`.
 *
 * `/` is the working directory: `a/b`, `./a/b` and `/a/c/../b` are one file. A folder exists as soon as it contains a file.
 *
 * @param content text, bytes or a `Blob` for each path
 * @example
 * ```ts
 * const files = createFiles({ "net.prototxt": text, "net.caffemodel": bytes });
 * const net = await Net.load("net.prototxt", { files, weights: "net.caffemodel" });
 * await net.save("copy.caffemodel");
 * const saved = await files.read("copy.caffemodel"); // a Uint8Array
 * console.log(files.paths()); // [ '/copy.caffemodel', '/net.caffemodel', '/net.prototxt' ]
 * ```
 */
export function createFiles(content: Readonly<Record<string, FileContent>> = {}): MemoryFiles {
  const files = new FilesInMemory();
  for (const [path, bytes] of Object.entries(content)) files.add(path, bytes);
  return files;
}

class FilesInMemory implements MemoryFiles {
  readonly #files = new Map<string, Uint8Array | Blob>();
  readonly #folders = new Set<string>(["/"]);

  add(path: string, content: FileContent): void {
    const full = normalize(path);
    this.#checkWritable(path, full);
    this.#addFolder(path, parentOf(full));
    this.#files.set(full, typeof content === "string" ? new TextEncoder().encode(content) : contentOf(content));
  }

  take(path: string): Uint8Array | Blob | undefined {
    const full = normalize(path);
    const content = this.#files.get(full);
    this.#files.delete(full);
    return content;
  }

  paths(): string[] {
    return [...this.#files.keys()].sort();
  }

  async resolve(path: string, from?: string): Promise<string> {
    if (from === undefined || path.startsWith("/") || this.#has(path)) return path;
    const beside = `${parentOf(normalize(from))}/${path}`;
    return this.#has(beside) ? normalize(beside) : path;
  }

  async read(path: string): Promise<Uint8Array> {
    const content = this.#find(path, "read");
    return content instanceof Blob ? blobBytes(content) : new Uint8Array(content); // a copy, which `slice` of a Buffer is not: the caller may change it
  }

  async readText(path: string): Promise<string> {
    return new TextDecoder().decode(await this.#bytes(path, "read"));
  }

  async open(path: string): Promise<ByteSource> {
    return bytesSource(await this.#bytes(path, "open"));
  }

  async write(path: string, chunks: Uint8Array | readonly Uint8Array[]): Promise<void> {
    // A copy, even of one chunk: the content of a file must not change with the array it was written from.
    this.add(path, concat(chunks instanceof Uint8Array ? [chunks] : chunks));
  }

  async probe(path: string): Promise<void> {
    this.#checkWritable(path, normalize(path));
  }

  async makeFolder(path: string): Promise<void> {
    this.#addFolder(path, normalize(path));
  }

  async isFolder(path: string): Promise<boolean> {
    return this.#folders.has(normalize(path));
  }

  async exists(path: string): Promise<boolean> {
    return this.#has(path);
  }

  async list(path: string): Promise<string[]> {
    const full = normalize(path);
    check(this.#folders.has(full), "MOKA_FILE", `cannot read ${path}: no such folder`);
    const inside = [...this.#files.keys(), ...this.#folders].filter((each) => each !== "/" && parentOf(each) === full);
    return inside.map((each) => each.slice(each.lastIndexOf("/") + 1)).sort();
  }

  #has(path: string): boolean {
    const full = normalize(path);
    return this.#files.has(full) || this.#folders.has(full);
  }

  async #bytes(path: string, verb: string): Promise<Uint8Array> {
    const content = this.#find(path, verb);
    return content instanceof Blob ? blobBytes(content) : content;
  }

  #find(path: string, verb: string): Uint8Array | Blob {
    const content = this.#files.get(normalize(path));
    if (content) return content;
    const reason = this.#has(path) ? "it is a folder" : "no such file or folder";
    throw new MokaError("MOKA_FILE", `cannot ${verb} ${path}: ${reason}`);
  }

  #checkWritable(path: string, full: string): void {
    check(!this.#folders.has(full), "MOKA_FILE", `cannot write ${path}: it is a folder`);
    this.#checkFolder(path, parentOf(full));
  }

  #checkFolder(path: string, full: string): void {
    for (let folder = full; !this.#folders.has(folder); folder = parentOf(folder)) {
      check(!this.#files.has(folder), "MOKA_FILE", `cannot write ${path}: ${folder} is no folder`);
    }
  }

  #addFolder(path: string, full: string): void {
    this.#checkFolder(path, full);
    for (let folder = full; !this.#folders.has(folder); folder = parentOf(folder)) this.#folders.add(folder);
  }
}

function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
