import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { check } from "../../util/errors.js";
import type { ByteSource } from "../../util/files.js";
import { fileError } from "./file-error.js";

/** Bytes per block: many pages of a database, and few enough for random access. */
const blockSize = 1 << 16;

/** The greatest number of cached blocks: 8 MiB in all. */
const maxBlocks = 128;

/** The greatest number of bytes per system call: some systems transfer less than 2 GiB at once. */
export const maxTransfer = 1 << 30;

/** Opens a file whose last blocks are cached. It may be larger than the memory, and than 2 GiB. */
export function openSource(path: string): ByteSource {
  const fd = openSync(path, "r");
  const stats = fstatSync(fd);
  if (stats.isFile()) return new FileSource(path, fd, stats.size);
  closeSync(fd);
  throw fileError("open", path, new Error(stats.isDirectory() ? "it is a folder" : "it is no ordinary file"));
}

class FileSource implements ByteSource {
  readonly size: number;
  readonly #path: string;
  #fd: number | undefined;
  /** The cached blocks by their index in the file, the least recently used first. */
  readonly #blocks = new Map<number, Uint8Array>();
  #last = -1;
  #lastBlock: Uint8Array = new Uint8Array(0);

  constructor(path: string, fd: number, size: number) {
    this.#path = path;
    this.#fd = fd;
    this.size = size;
  }

  read(offset: number, length: number): Uint8Array {
    const end = Math.min(offset + length, this.size);
    if (end <= offset) return new Uint8Array(0);
    const first = Math.floor(offset / blockSize);
    const start = first * blockSize;
    if (end <= start + blockSize) return this.#block(first).subarray(offset - start, end - start);
    if (end - offset > blockSize) return this.#fetch(offset, end);

    const bytes = new Uint8Array(end - offset);
    bytes.set(this.#block(first).subarray(offset - start));
    bytes.set(this.#block(first + 1).subarray(0, end - start - blockSize), start + blockSize - offset);
    return bytes;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#blocks.clear();
    this.#last = -1;
  }

  /** Reads a block, or takes it from the cache. A block never changes, so views of it stay valid. */
  #block(index: number): Uint8Array {
    if (index === this.#last) return this.#lastBlock;
    let block = this.#blocks.get(index);
    if (block) {
      this.#blocks.delete(index);
    } else {
      block = this.#fetch(index * blockSize, Math.min((index + 1) * blockSize, this.size));
      if (this.#blocks.size >= maxBlocks) this.#blocks.delete(this.#blocks.keys().next().value ?? 0);
    }
    this.#blocks.set(index, block);
    this.#last = index;
    this.#lastBlock = block;
    return block;
  }

  #fetch(from: number, to: number): Uint8Array {
    check(this.#fd !== undefined, "MOKA_USAGE", `${this.#path} is read after it was closed`);
    const bytes = new Uint8Array(to - from);
    try {
      for (let filled = 0; filled < bytes.length; ) {
        const length = Math.min(bytes.length - filled, maxTransfer);
        const count = readSync(this.#fd, bytes, filled, length, from + filled);
        if (count === 0) throw new Error("it has become shorter since it was opened");
        filled += count;
      }
    } catch (error) {
      throw fileError("read", this.#path, error);
    }
    return bytes;
  }
}
