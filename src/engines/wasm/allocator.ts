/** Pieces start at multiples of this many bytes: a cache line, which is longer than any vector. */
export const alignment = 64;

interface Gap {
  readonly start: number;
  readonly end: number;
}

/**
 * Allocates addresses from `start` to `end`, the lowest first. Holds no memory itself.
 *
 * Free addresses are a sorted list of gaps, no two of which touch.
 */
export class Allocator {
  #gaps: Gap[];
  #used = 0;

  constructor(start: number, end: number) {
    this.#gaps = [{ start: aligned(start), end: end - (end % alignment) }];
  }

  /** Bytes allocated, with the padding for alignment. */
  get used(): number {
    return this.#used;
  }

  /** The size of the largest piece that could be allocated now, in bytes. */
  get largest(): number {
    return this.#gaps.reduce((largest, { start, end }) => Math.max(largest, end - start), 0);
  }

  /** The address of a piece of this many bytes; `undefined` if there is none. */
  allocate(bytes: number): number | undefined {
    const size = aligned(bytes);
    const index = this.#gaps.findIndex(({ start, end }) => end - start >= size);
    const gap = this.#gaps[index];
    if (!gap) return undefined;
    const rest = { start: gap.start + size, end: gap.end };
    this.#gaps.splice(index, 1, ...(rest.start < rest.end ? [rest] : []));
    this.#used += size;
    return gap.start;
  }

  /** Frees a piece that `allocate` returned for the same number of bytes. */
  release(address: number, bytes: number): void {
    const size = aligned(bytes);
    if (size === 0) return;
    const found = this.#gaps.findIndex(({ start }) => start > address);
    const index = found < 0 ? this.#gaps.length : found;
    const before = this.#gaps[index - 1];
    const after = this.#gaps[index];
    const touchesBefore = before !== undefined && before.end === address;
    const touchesAfter = after !== undefined && after.start === address + size;
    const gap = {
      start: touchesBefore ? before.start : address,
      end: touchesAfter ? after.end : address + size,
    };
    this.#gaps.splice(index - Number(touchesBefore), Number(touchesBefore) + Number(touchesAfter), gap);
    this.#used -= size;
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
