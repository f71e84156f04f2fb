import { check } from "../errors.js";
import type { Random } from "../random.js";

/** Words that are kept, and how far back the other summand of each is. */
const length = 31;
const lag = 3;

/**
 * The C library's `rand()` as GNU's has it: a sum of two earlier words, begun by a linear congruential generator with the
 * seed 1 that counts where no program seeds it, as none in Caffe does. The first 310 words are thrown away.
 */
export class LibraryRandom {
  /** The last words, of which `#at` is the oldest. */
  readonly #words = new Int32Array(length);
  #at = lag;

  constructor(seed = 1) {
    let word = seed;
    for (let i = 0; i < length; i++) {
      this.#words[i] = word;
      word = (16807 * word) % 2147483647; // exact: below 2^46
    }
    for (let i = 0; i < 10 * length; i++) this.next();
  }

  /** The next 31 bits. */
  next(): number {
    const from = (this.#at + length - lag) % length;
    const word = ((this.#words[this.#at] ?? 0) + (this.#words[from] ?? 0)) | 0;
    this.#words[this.#at] = word;
    this.#at = (this.#at + 1) % length;
    return word >>> 1;
  }

  /** Puts `items` into random order as `std::random_shuffle` of GNU's C++ library does: from the front, by remainders. */
  shuffle<T>(items: { readonly length: number; [index: number]: T }): void {
    for (let i = 1; i < items.length; i++) {
      const j = this.next() % (i + 1);
      const item = items[i] as T;
      items[i] = items[j] as T;
      items[j] = item;
    }
  }

  /** How it stands, as plain JSON: its words, the oldest first. */
  get state(): readonly number[] {
    return Array.from(this.#words, (_, i) => this.#words[(this.#at + i) % length] ?? 0);
  }

  /** Goes on where `state` was taken; throws `MOKA_PARSE`, and stays what it is, for what cannot be a state. */
  restore(state: unknown): void {
    check(
      Array.isArray(state) && state.length === length && state.every((word) => (word | 0) === word),
      "MOKA_PARSE",
      `the state of the C library's random generator must have ${length} whole numbers of 32 bits`,
    );
    this.#words.set(state);
    this.#at = 0;
  }
}

/** By run: a process of Caffe has one, and one run. */
const ofRuns = new WeakMap<Random, LibraryRandom>();

/** The C library's generator of the run that `random` is the generator of. */
export function libraryRandomOf(random: Random): LibraryRandom {
  const found = ofRuns.get(random) ?? new LibraryRandom();
  ofRuns.set(random, found);
  return found;
}
