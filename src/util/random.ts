import { check } from "./errors.js";
import { unitNormal } from "./random/ziggurat.js";

const stateWords = 624;
const middleWord = 397;
const maxFloat = (2 - 2 ** -23) * 2 ** 127;
const f32 = Math.fround;

/** A generator's state, as plain JSON. */
export interface RandomState {
  /** The 624 words of the Mersenne Twister. */
  readonly words: readonly number[];
  /** Number of words that are used up, 0 to 624. */
  readonly used: number;
}

/**
 * The generator that all random layers and fillers of a run share: a Mersenne Twister (MT19937; M. Matsumoto,
 * T. Nishimura, 1998) with distributions that round as Caffe's do. The same seed gives exactly the numbers that BVLC
 * Caffe draws on a CPU with Boost 1.74 in float32, compiled for a processor that fuses multiplication and
 * addition, so that `a * b + c` rounds once. On other processors the last bits of Caffe's own numbers differ.
 *
 * The order of the draws is part of that. Fillers draw when a net is built, layer by layer, weights
 * before bias. Dropout and DummyData draw in forward. A data layer, when it is set up, seeds generators of its
 * own with one draw each (`fork`), in this order:
 *
 * 1. its data transformer's, if it mirrors, or crops in phase TRAIN; all the transformer's draws are `below(n)`;
 * 2. ImageData's, for `shuffle`; WindowData's, for choosing windows, if it mirrors or crops;
 *    then ImageData draws `below(rand_skip)` from this generator, if it skips;
 * 3. for Data, ImageData and WindowData the transformer's again, which replaces the first;
 * 4. for the same three their prefetching thread's, which is not used, but whose seed is drawn all the same.
 */
export class Random {
  readonly #words = new Uint32Array(stateWords);
  #used = stateWords;

  /** `seed` is taken modulo 2^32, as Caffe does with `random_seed`. */
  constructor(seed: number | bigint) {
    check(
      typeof seed === "bigint" || Number.isSafeInteger(seed),
      "MOKA_USAGE",
      `a random seed must be an integer, not ${seed}`,
    );
    const words = this.#words;
    let word = Number(BigInt.asUintN(32, BigInt(seed)));
    words[0] = word;
    for (let i = 1; i < stateWords; i++) {
      word = (Math.imul(1812433253, word ^ (word >>> 30)) + i) >>> 0;
      words[i] = word;
    }
  }

  /** Restores a saved state. Throws `MOKA_PARSE` for an invalid state, and does not change then. */
  restore({ words, used }: RandomState): void {
    check(
      Array.isArray(words) && words.length === stateWords && words.every(isWord) && words.some((word) => word !== 0),
      "MOKA_PARSE",
      `the state of a random generator must have ${stateWords} unsigned 32-bit words, not all of them 0`,
    );
    check(
      isWord(used) && used <= stateWords,
      "MOKA_PARSE",
      `the state of a random generator must say how many words are used, 0 to ${stateWords}, not ${used}`,
    );
    this.#words.set(words);
    this.#used = used;
  }

  get state(): RandomState {
    return { words: Array.from(this.#words), used: this.#used };
  }

  /** The next 32 random bits, unsigned. */
  next(): number {
    if (this.#used === stateWords) this.#twist();
    let bits = this.#words[this.#used++] ?? 0;
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    return (bits ^ (bits >>> 18)) >>> 0;
  }

  /** A new generator, seeded with one draw from this one. */
  fork(): Random {
    return new Random(this.next());
  }

  /**
   * An integer from 0 to n - 1, 1 ≤ n < 2^32: the remainder of one draw, as in Caffe for crops, mirroring and skips.
   * For a large `n` that does not divide 2^32, small numbers are slightly more frequent.
   */
  below(n: number): number {
    check(isWord(n) && n > 0, "MOKA_USAGE", `a random integer below ${n}`);
    return this.next() % n;
  }

  /**
   * Uniform numbers from `from` to `to`, both included. A draw that would round beyond `to` is repeated, so there may
   * be more draws than values.
   */
  uniform(values: Float32Array, from: number, to: number): void {
    const low = f32(from);
    const high = f32(to);
    const end = nextFloat(high);
    check(
      low >= -maxFloat && low <= high && low < end && end <= maxFloat,
      "MOKA_USAGE",
      `uniform numbers from ${from} to ${to}`,
    );
    // If its length exceeds the largest float, the interval is halved and the result doubled.
    const scale = f32(end / 2 - low / 2) > maxFloat / 2 ? 2 : 1;
    const start = f32(low / scale);
    const limit = f32(end / scale);
    const range = f32(limit - start);
    for (let i = 0; i < values.length; i++) {
      let value: number;
      do value = f32(f32(this.next()) * 2 ** -32 * range + start);
      while (value >= limit);
      values[i] = value * scale;
    }
  }

  /** Normal numbers; `std` must be positive. */
  gaussian(values: Float32Array, mean: number, std: number): void {
    const center = f32(mean);
    const sigma = f32(std);
    check(sigma > 0, "MOKA_USAGE", `gaussian numbers of standard deviation ${std}`);
    for (let i = 0; i < values.length; i++) values[i] = unitNormal(this) * sigma + center;
  }

  /**
   * 1 with probability `p`, else 0. With `p` = 0 nothing is drawn.
   *
   * As in Caffe, the comparison has the precision of `p`: double for Dropout's mask, whose `p` is `1 - dropout_ratio`
   * with the ratio in float; float for the gaussian filler's `sparse`.
   */
  bernoulli(values: Float32Array | Float64Array, p: number, precision: "double" | "float" = "double"): void {
    const single = precision === "float";
    const chance = single ? f32(p) : p;
    check(chance >= 0 && chance <= 1, "MOKA_USAGE", `a probability of ${p}`);
    if (chance === 0) {
      values.fill(0);
      return;
    }
    const limit = single ? chance * 2 ** 32 : chance * (2 ** 32 - 1);
    for (let i = 0; i < values.length; i++) {
      const bits = this.next();
      values[i] = (single ? f32(bits) : bits) <= limit ? 1 : 0;
    }
  }

  /** Puts `items` into random order (Fisher and Yates, from the end). */
  shuffle<T>(items: { readonly length: number; [index: number]: T }): void {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.#upTo(i);
      [items[i], items[j]] = [items[j] as T, items[i] as T];
    }
  }

  /** A uniform integer from 0 to `last` < 2^32 - 1: 2^32 is divided into equal parts; a draw beyond is repeated. */
  #upTo(last: number): number {
    const part = Math.floor(2 ** 32 / (last + 1));
    for (;;) {
      const result = Math.floor(this.next() / part);
      if (result <= last) return result;
    }
  }

  /** Computes the next 624 words. */
  #twist(): void {
    const words = this.#words;
    const mix = (i: number, next: number, far: number): void => {
      const high = (words[i] ?? 0) & 0x80000000;
      const low = words[next] ?? 0;
      words[i] = (words[far] ?? 0) ^ ((high | (low & 0x7fffffff)) >>> 1) ^ (-(low & 1) & 0x9908b0df);
    };
    for (let i = 0; i < stateWords - middleWord; i++) mix(i, i + 1, i + middleWord);
    for (let i = stateWords - middleWord; i < stateWords - 1; i++) mix(i, i + 1, i + middleWord - stateWords);
    mix(stateWords - 1, 0, middleWord - 1);
    this.#used = 0;
  }
}

/** A seed that differs each time, for `random_seed: -1`. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}

function isWord(value: unknown): value is number {
  return typeof value === "number" && value >>> 0 === value;
}

/** The smallest float32 above `value`; `value` itself if there is none. */
function nextFloat(value: number): number {
  if (!(Math.abs(value) <= maxFloat) || value === maxFloat) return value;
  if (value === 0) return 2 ** -149;
  const bits = new Int32Array(Float32Array.of(value).buffer);
  bits[0] = (bits[0] ?? 0) + (value > 0 ? 1 : -1);
  return new Float32Array(bits.buffer)[0] ?? value;
}
