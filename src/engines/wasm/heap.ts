import type { Storage } from "../../core/span.js";
import { check, MokaError } from "../../util/errors.js";
import { Allocator, alignment } from "./allocator.js";
import { pageBytes, type WasmMemory, WebAssembly } from "./web-assembly.js";

/** One page less than 4 GiB, in bytes: the address after the last byte must be a number of 32 bits too. */
const maximumBytes = 65_535 * pageBytes;

/** Memory grows by at least this many bytes, and by at least a quarter. */
const growthStep = 16 * 2 ** 20;

/** One WebAssembly memory, and the list of the parts in use. */
export class Heap {
  readonly limit: number;
  readonly #allocator: Allocator;
  #memory: WasmMemory | undefined;
  #buffer: ArrayBuffer | SharedArrayBuffer;
  /** Memory from this address on was never allocated, so it is still 0. */
  #untouched: number;

  /** @param start the first address to allocate */
  constructor(memory: WasmMemory, start: number, limit: number) {
    this.#memory = memory;
    this.#buffer = memory.buffer;
    this.limit = limit;
    this.#untouched = start;
    this.#allocator = new Allocator(start, limit);
  }

  /** The whole memory. It is another object after each growth. */
  get buffer(): ArrayBuffer | SharedArrayBuffer {
    check(this.#memory, "MOKA_USAGE", "the memory of this net or engine has been freed");
    return this.#buffer;
  }

  get used(): number {
    return this.#memory ? this.#allocator.used : 0;
  }

  /** The size of the largest piece that could be allocated, in bytes. */
  get largest(): number {
    return this.#memory ? this.#allocator.largest : 0;
  }

  /**
   * Allocates this many bytes, set to 0.
   *
   * @throws MokaError `MOKA_MEMORY` if there is no free piece of this size
   */
  allocate(bytes: number): number {
    check(this.#memory, "MOKA_USAGE", "the net was disposed of, with its memory");
    if (bytes === 0) return alignment;
    const { largest } = this.#allocator;
    const address = this.#allocator.allocate(bytes);
    if (address === undefined) throw this.#tooMuch(bytes, largest);
    try {
      this.#reach(address + bytes);
    } catch (cause) {
      this.#allocator.release(address, bytes);
      const room = Math.max(0, this.#buffer.byteLength - address);
      throw cause instanceof MokaError ? cause : this.#tooMuch(bytes, Math.min(room, largest), cause);
    }
    const touched = Math.min(address + bytes, this.#untouched) - address;
    if (touched > 0) new Uint8Array(this.buffer, address, touched).fill(0);
    this.#untouched = Math.max(this.#untouched, address + bytes);
    return address;
  }

  release(address: number, bytes: number): void {
    this.#allocator.release(address, bytes);
  }

  /** Drops the reference to the memory. */
  dispose(): void {
    this.#memory = undefined;
    this.#buffer = new ArrayBuffer(0);
  }

  /** Grows the memory until it ends at or after `end`. */
  #reach(end: number): void {
    const memory = this.#memory;
    const size = this.buffer.byteLength;
    if (!memory || end <= size) return;
    const pages = (bytes: number) => Math.ceil((Math.min(bytes, this.limit) - size) / pageBytes);
    try {
      memory.grow(pages(Math.max(end, size + Math.max(growthStep, size / 4))));
    } catch {
      memory.grow(pages(end));
    }
    this.#buffer = memory.buffer;
  }

  #tooMuch(bytes: number, largest: number, cause?: unknown): MokaError {
    return new MokaError(
      "MOKA_MEMORY",
      `${inMebibytes(bytes)} more do not fit: ${inMebibytes(this.used)} of ${inMebibytes(this.limit)} are in use, and ` +
        `the largest piece that would fit is ${inMebibytes(largest)}; try a smaller batch or smaller images`,
      { cause },
    );
  }
}

function inMebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** A new memory that can grow to `limit` bytes, or as far as this machine lets it reserve. */
export function createMemory(shared: boolean, limit = maximumBytes): { memory: WasmMemory; limit: number } {
  const pages = Math.max(1, Math.floor(Math.min(limit, maximumBytes) / pageBytes));
  for (let maximum = pages; ; maximum = Math.ceil(maximum / 2)) {
    try {
      return { memory: new WebAssembly.Memory({ initial: 1, maximum, shared }), limit: maximum * pageBytes };
    } catch (cause) {
      if (maximum > 1024) continue;
      throw new MokaError("MOKA_MEMORY", "there is no memory for even the smallest net", { cause });
    }
  }
}

/** A piece of a heap, as an array of numbers. */
export class HeapStorage implements Storage {
  readonly heap: Heap;
  /** The address in bytes. */
  readonly address: number;
  readonly #count: number;
  #array: Float32Array | undefined;
  #isReleased = false;

  constructor(heap: Heap, count: number) {
    this.heap = heap;
    this.#count = count;
    this.address = heap.allocate(4 * count);
  }

  get bytes(): number {
    return 4 * this.#count;
  }

  get array(): Float32Array {
    const { buffer } = this.heap;
    // Growing memory that is not shared detaches all arrays that were made from it before.
    if (this.#array?.buffer !== buffer) this.#array = new Float32Array(buffer, this.address, this.#count);
    return this.#array;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.heap.release(this.address, this.bytes);
  }
}
