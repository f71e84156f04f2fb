/**
 * A small generator of random numbers with the same results on every machine: it, and all code that uses it, need
 * only integers and the four basic operations, which every machine computes alike.
 *
 * The generator is sfc32, of Chris Doty-Humphrey's PractRand.
 */
export class PortableRandom {
  #a: number;
  #b: number;
  #c = 0x9e3779b9;
  #counter = 1;

  /** Different seeds, and different streams of one seed, give unrelated numbers. */
  constructor(seed: number, stream = 0) {
    this.#a = seed | 0;
    this.#b = stream | 0;
    for (let i = 0; i < 12; i++) this.next();
  }

  /** 32 random bits, as an unsigned number. */
  next(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  /** A number from `[low, high)`, uniformly distributed. */
  uniform(low: number, high: number): number {
    return low + (high - low) * (this.next() / 2 ** 32);
  }

  /** A number with mean 0 and this standard deviation, nearly normal and never beyond 3.5 standard deviations. */
  gaussian(deviation: number): number {
    const sum = this.uniform(-1, 1) + this.uniform(-1, 1) + this.uniform(-1, 1) + this.uniform(-1, 1);
    return sum * Math.sqrt(3 / 4) * deviation;
  }

  /** An integer from `[0, count)`, uniformly distributed. */
  below(count: number): number {
    return Math.floor(this.uniform(0, count));
  }

  shuffle(values: { [index: number]: number; readonly length: number }): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [values[i], values[j]] = [values[j] ?? 0, values[i] ?? 0];
    }
  }
}

/** A smooth random function on the interval from 0 to 1, with mean 0. */
export class SmoothNoise {
  readonly #values: number[];

  /** The function passes through `bends` + 1 random values at equal distances. */
  constructor(bends: number, deviation: number, random: PortableRandom) {
    this.#values = Array.from({ length: bends + 1 }, () => random.gaussian(deviation));
  }

  at(position: number): number {
    const bends = this.#values.length - 1;
    const from = Math.min(Math.floor(position * bends), bends - 1);
    const t = position * bends - from;
    const [a = 0, b = 0] = [this.#values[from], this.#values[from + 1]];
    return a + (b - a) * t * t * (3 - 2 * t);
  }
}
