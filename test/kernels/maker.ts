import type { KernelName, Kernels } from "../../src/core/kernels.js";
import { type Memory, Span } from "../../src/core/span.js";

/** What stands in front of and behind every span; it must still be there when a kernel has run. */
export const guard = Math.fround(-7654.321);

/** A span a case made, within a larger one. */
export interface Made {
  readonly span: Span;
  readonly root: Span;
}

/**
 * Makes the spans of a case, with the same values each time and on every engine: they are numbers of single precision.
 * Every span is a slice of a larger one that starts at some odd place, with guards around it.
 */
export class Maker {
  readonly made: Made[] = [];
  readonly #memory: Memory;
  readonly #bare: number | undefined;
  readonly #known: readonly ArrayLike<number>[];
  #state = 1;

  /**
   * @param bare the number of a span that has no guards behind it, and ends where a cache line ends
   * @param known the values of the case's spans, if another maker has drawn them already: to draw them takes longer than most kernels
   */
  constructor(memory: Memory, bare?: number, known: readonly ArrayLike<number>[] = []) {
    this.#memory = memory;
    this.#bare = bare;
    this.#known = known;
  }

  /** These values, in single precision. */
  values(values: ArrayLike<number>): Span {
    const isBare = this.made.length === this.#bare;
    const before = isBare ? 16 - (values.length % 16) : 1 + ((5 * this.made.length) % 11);
    const after = isBare ? 0 : 1 + ((3 * this.made.length) % 7);
    const root = new Span(`span ${this.made.length}`, before + values.length + after, this.#memory);
    root.array.fill(guard);
    const span = root.slice(before, values.length);
    span.array.set(Float32Array.from(values));
    this.made.push({ span, root });
    return span;
  }

  /** What `value` makes of indices 0 … count − 1. Cases draw random numbers only here. */
  each(count: number, value: (index: number) => number): Span {
    return this.values(
      this.#known[this.made.length] ?? Float32Array.from({ length: count }, (_, index) => value(index)),
    );
  }

  /** Normally distributed values. */
  normal(count: number, mean = 0, deviation = 1): Span {
    return this.each(count, () => mean + deviation * this.gauss());
  }

  /** Values evenly spread from `low` to `high`. */
  between(count: number, low: number, high: number): Span {
    return this.each(count, () => low + (high - low) * this.uniform());
  }

  /** Whole numbers from 0 to `end` − 1. */
  whole(count: number, end: number): Span {
    return this.each(count, () => Math.floor(end * this.uniform()));
  }

  /** What a kernel must overwrite without reading it. */
  out(count: number): Span {
    return this.values(new Float32Array(count).fill(Number.NaN));
  }

  /** A normally distributed number. */
  gauss(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A number from 0 to 1, without 1; the generator is mulberry32. */
  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** One call of a kernel that every engine must make. */
export interface Case {
  readonly kernel: KernelName;
  readonly title: string;
  readonly make: (m: Maker) => Kernels[KernelName];
  /** The largest ‖y − expected‖/‖expected‖ of any span the kernel writes. */
  readonly tolerance: number;
  /** Below this root mean square, an error counts as if the expected values had it. */
  readonly floor: number;
  /** The precision of the reference: 32 where rounding in single precision is part of the definition. */
  readonly oracle: 32 | 64;
}

export function kernelCase<K extends KernelName>(
  kernel: K,
  title: string,
  make: (m: Maker) => Kernels[K],
  { tolerance = 1e-6, floor = 0, oracle = 64 }: Partial<Pick<Case, "tolerance" | "floor" | "oracle">> = {},
): Case {
  return { kernel, title, make, tolerance, floor, oracle };
}

/** Around the ends of vectors, of unrolled loops, none, and so many that threads take some of them in chunks. */
export const edgeCounts = [0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 1000, 17_003] as const;
