import { check } from "../errors.js";
import type { Random } from "../random.js";

/** The number of words of the state: each new word is the sum of the word 31 words back and the word 3 words back. */
const stateWords = 31;
const lag = 3;

/**
 * `rand()` of the GNU C library: each word is the sum of two earlier words. A linear congruential generator makes the
 * first 31 words; its seed is 1 in a program that does not call `srand`, as in Caffe. The first 310 sums are dropped.
 */
export class LibraryRandom {
  /** The last 31 words; the oldest is at index `#at`. */
  readonly #words = new Int32Array(stateWords);
  #at = lag;

  constructor(seed = 1) {
    let word = seed;
    for (let i = 0; i < stateWords; i++) {
      this.#words[i] = word;
      word = (16807 * word) % 2147483647; // exact: below 2^46
    }
    for (let i = 0; i < 10 * stateWords; i++) this.next();
  }

  /** A generator in a saved state. Throws `MOKA_PARSE` for an invalid one. */
  static of(state: unknown): LibraryRandom {
    const random = new LibraryRandom();
    random.restore(state);
    return random;
  }

  /** The next 31 bits. */
  next(): number {
    const from = (this.#at + stateWords - lag) % stateWords;
    const word = ((this.#words[this.#at] ?? 0) + (this.#words[from] ?? 0)) | 0;
    this.#words[this.#at] = word;
    this.#at = (this.#at + 1) % stateWords;
    return word >>> 1;
  }

  /** Shuffles `items` as `std::random_shuffle` of the GNU C++ library does: from the front, by remainders. */
  shuffle<T>(items: { readonly length: number; [index: number]: T }): void {
    for (let i = 1; i < items.length; i++) {
      const j = this.next() % (i + 1);
      [items[i], items[j]] = [items[j] as T, items[i] as T];
    }
  }

  /** The state as plain JSON: its words, the oldest first. */
  get state(): readonly number[] {
    return Array.from(this.#words, (_, i) => this.#words[(this.#at + i) % stateWords] ?? 0);
  }

  /** Restores a saved state. Throws `MOKA_PARSE` for an invalid state, and does not change then. */
  restore(state: unknown): void {
    check(
      Array.isArray(state) && state.length === stateWords && state.every((word) => (word | 0) === word),
      "MOKA_PARSE",
      `the state of the C library's random generator must have ${stateWords} whole numbers of 32 bits`,
    );
    this.#words.set(state);
    this.#at = 0;
  }
}

/** One generator for each run: in Caffe, a process has one generator and one run. */
const generators = new WeakMap<Random, LibraryRandom>();

/** The C library's generator of the run whose own generator is `random`. */
export function libraryRandomOf(random: Random): LibraryRandom {
  const found = generators.get(random) ?? new LibraryRandom();
  generators.set(random, found);
  return found;
}
