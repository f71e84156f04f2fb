import { check } from "../util/errors.js";

/** Numbers in an engine's memory: 32 bits wide, or 64 bits to check gradients numerically. */
export type FloatArray = Float32Array | Float64Array;

/** A piece of an engine's memory. Read `array` again at each use: memory that grows may move. */
export interface Storage {
  readonly array: FloatArray;
  release(): void;
}

/** Allocates memory, zeroed. */
export interface Memory {
  allocate(count: number): Storage;
}

/** A place in memory that several spans share. */
export interface Placement {
  readonly storage: Storage;
  /** The distance from the start of `storage`, in values. */
  readonly offset: number;
  /** Whether the values there now were written by the span's own steps. */
  holdsValues(): boolean;
}

/**
 * A run of numbers that kernels read and write: what a `Program` refers to instead of addresses.
 *
 * Memory is allocated at the first use. So a diff that is never used costs nothing, and a memory plan can choose the place
 * of a span after its program was recorded.
 */
export class Span {
  readonly name: string;
  readonly count: number;
  readonly #memory: Memory;
  readonly #parent: { readonly span: Span; readonly offset: number } | undefined;
  #storage: Storage | undefined;
  #placement: Placement | undefined;
  #isLost = false;
  #accesses = 0;
  #isLent = false;
  #spare: Span | undefined;

  constructor(name: string, count: number, memory: Memory, parent?: { span: Span; offset: number }) {
    this.name = name;
    this.count = count;
    this.#memory = memory;
    this.#parent = parent;
  }

  /** `count` values from `offset` on, in the same memory. */
  slice(offset: number, count: number): Span {
    check(
      offset >= 0 && offset + count <= this.count,
      "MOKA_SHAPE",
      `slice ${offset}+${count} of "${this.name}", which has ${this.count} values`,
    );
    return new Span(this.name, count, this.#memory, { span: this, offset });
  }

  /** All values from `offset` on; an empty span has none. */
  tail(offset: number): Span {
    const start = Math.min(offset, this.count);
    return this.slice(start, this.count - start);
  }

  /** The span that owns the memory; `this` unless this is a slice. */
  get root(): Span {
    return this.#parent ? this.#parent.span.root : this;
  }

  /** Where this span starts in `storage`, in values. */
  get offset(): number {
    return this.#parent ? this.#parent.span.offset + this.#parent.offset : (this.#placement?.offset ?? 0);
  }

  /** A second span of the same size, for values that a pass moves out of this span. It is always the same object. */
  get spare(): Span {
    this.#spare ??= new Span(`${this.name}~`, this.count, this.#memory);
    return this.#spare;
  }

  get storage(): Storage {
    if (this.#parent) return this.root.storage;
    if (this.#placement) return this.#placement.storage;
    this.#storage ??= this.#memory.allocate(this.count);
    return this.#storage;
  }

  /** The array, for immediate use. To store an array for later use, call `lend`. */
  get array(): FloatArray {
    this.root.#accesses++;
    const { array } = this.storage;
    return this.#parent || this.#placement ? array.subarray(this.offset, this.offset + this.count) : array;
  }

  /** The array for immediate reading only. It is not counted as a possible write, as a read of `array` is. */
  peek(): FloatArray {
    return this.storage.array.subarray(this.offset, this.offset + this.count);
  }

  /** The array for a caller that may write to it at any later time. */
  lend(): FloatArray {
    this.root.#isLent = true;
    return this.array;
  }

  /**
   * A number that changes whenever this span's memory may have been written to by other code than a kernel; `undefined`
   * after `lend`, because such a write can then happen at any time.
   */
  get revision(): number | undefined {
    const { root } = this;
    return root.#isLent ? undefined : root.#accesses;
  }

  // ---- sharing memory with other spans; only for spans that are not slices

  /** Whether this span lies in memory that other spans use too. */
  get isPlaced(): boolean {
    return this.#placement !== undefined;
  }

  /** False while other spans may have overwritten the values of this one. */
  get holdsValues(): boolean {
    if (this.#parent) return this.root.holdsValues;
    return this.#placement ? this.#placement.holdsValues() : !this.#isLost;
  }

  /**
   * Frees its own memory, and uses memory that it shares with other spans. Its values are lost unless `withValues`.
   */
  place(placement: Placement, withValues = false): void {
    if (withValues && (this.#storage || this.#placement)) {
      const { offset, storage } = this;
      const values = storage.array.subarray(offset, offset + this.count);
      placement.storage.array.set(values, placement.offset);
    }
    this.release();
    this.#placement = placement;
  }

  /** Gets its own memory again. Its values are lost unless it still holds them and `withValues` is true. */
  unplace(withValues: boolean): void {
    const placement = this.#placement;
    if (!placement) return;
    const isLost = !(withValues && placement.holdsValues());
    this.#placement = undefined;
    this.#isLost = isLost;
    if (isLost) return;
    const { array } = this.storage;
    array.set(placement.storage.array.subarray(placement.offset, placement.offset + this.count));
  }

  /** Marks its values as not those that its steps would have written. */
  lose(): void {
    this.#isLost = true;
  }

  /** Marks its values as valid, because values were written to it since they were lost. */
  regain(): void {
    this.#isLost = false;
  }

  /** Sets its values to 0, in the memory it has. */
  clear(): void {
    this.#storage?.array.fill(0);
    this.#isLost = false;
  }

  /** Takes the values of the span it replaces, if that has its own memory and the same count; else its values are 0. */
  takeValuesOf(other: Span): void {
    this.clear();
    if (other.#storage && other.holdsValues && other.count === this.count) this.array.set(other.#storage.array);
  }

  /** Frees the memory. If the span is used again, its values are 0. */
  release(): void {
    this.#storage?.release();
    this.#storage = undefined;
    this.#placement = undefined;
    this.#isLost = false;
  }
}
