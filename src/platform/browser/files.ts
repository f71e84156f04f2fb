import { concat } from "../../util/bytes.js";
import { check, MokaError } from "../../util/errors.js";
import { type ByteSource, bytesSource, type Files } from "../../util/files.js";

/** Files in memory, through which a page and Moka exchange data. */
export interface MemoryFiles extends Files {
  /** Adds a file. Its bytes are not copied. */
  add(path: string, content: Uint8Array | string): void;
  /** Removes a file and returns its bytes; undefined if there is none. */
  take(path: string): Uint8Array | undefined;
  /** The paths of all files, sorted. */
  paths(): string[];
}

/**
 * Files in memory, with `/` as the working directory: `a/b`, `./a/b` and `/a/c/../b` are one file.
 * A folder exists as soon as it contains a file.
 */
export function createFiles(content: Readonly<Record<string, Uint8Array | string>> = {}): MemoryFiles {
  const files = new FilesInMemory();
  for (const [path, bytes] of Object.entries(content)) files.add(path, bytes);
  return files;
}

class FilesInMemory implements MemoryFiles {
  readonly #files = new Map<string, Uint8Array>();
  readonly #folders = new Set<string>(["/"]);

  add(path: string, content: Uint8Array | string): void {
    const full = normalize(path);
    this.#checkWritable(path, full);
    this.#addFolder(path, parentOf(full));
    this.#files.set(full, typeof content === "string" ? new TextEncoder().encode(content) : content);
  }

  take(path: string): Uint8Array | undefined {
    const full = normalize(path);
    const bytes = this.#files.get(full);
    this.#files.delete(full);
    return bytes;
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
    return this.#find(path, "read").slice(); // a copy: the caller may change it
  }

  async readText(path: string): Promise<string> {
    return new TextDecoder().decode(this.#find(path, "read"));
  }

  async open(path: string): Promise<ByteSource> {
    return bytesSource(this.#find(path, "open"));
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

  #find(path: string, verb: string): Uint8Array {
    const bytes = this.#files.get(normalize(path));
    if (bytes) return bytes;
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
