import { check } from "../util/errors.js";

/** Numbers in an engine's memory; 64 bits wide only where gradients are checked numerically. */
export type FloatArray = Float32Array | Float64Array;

/** A piece of an engine's memory. `array` is asked for anew at each use: growing memory may move it. */
export interface Storage {
  readonly array: FloatArray;
  release(): void;
}

/** Who gives memory out, zeroed. */
export interface Memory {
  allocate(count: number): Storage;
}

/** A part of memory that spans share. */
export interface Placement {
  readonly storage: Storage;
  /** In values. */
  readonly offset: number;
  /** Whether what lies there now is what the span's own steps wrote. */
  holdsValues(): boolean;
}

/**
 * A run of numbers that kernels read and write: what a `Program` refers to instead of addresses.
 *
 * Memory is taken at the first use, so that a diff nobody asks for costs nothing, and so that a memory
 * plan may still decide where a span lies when its program is already recorded.
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

  /** All values from `offset` on; none of a span that has none. */
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

  get storage(): Storage {
    if (this.#parent) return this.root.storage;
    if (this.#placement) return this.#placement.storage;
    this.#storage ??= this.#memory.allocate(this.count);
    return this.#storage;
  }

  /** For use at once; who keeps it borrows it. */
  get array(): FloatArray {
    this.root.#accesses++;
    const { array } = this.storage;
    return this.#parent || this.#placement ? array.subarray(this.offset, this.offset + this.count) : array;
  }

  /** The array, for somebody who may write to it at any time from here on. */
  lend(): FloatArray {
    this.root.#isLent = true;
    return this.array;
  }

  /**
   * Another number whenever somebody else than a kernel may have written to this span's memory; `undefined` if that can
   * happen at any time.
   */
  get revision(): number | undefined {
    const { root } = this;
    return root.#isLent ? undefined : root.#accesses;
  }

  // ---- sharing memory with others; only for spans that are no slices

  /** Whether this span lies in memory that others use too. */
  get isPlaced(): boolean {
    return this.#placement !== undefined;
  }

  /** False while others may have overwritten what was written to this span. */
  get holdsValues(): boolean {
    if (this.#parent) return this.root.holdsValues;
    return this.#placement ? this.#placement.holdsValues() : !this.#isLost;
  }

  /**
   * Gives its own memory back and lies somewhere else from here on, in memory that others use too; its values are lost
   * unless `keep` says to take them there.
   */
  place(placement: Placement, keep = false): void {
    if (keep && (this.#storage || this.#placement)) {
      const { offset, storage } = this;
      const values = storage.array.subarray(offset, offset + this.count);
      placement.storage.array.set(values, placement.offset);
    }
    this.release();
    this.#placement = placement;
  }

  /** Has memory of its own again, with its values if it still holds them and `keep` says so; else they are lost. */
  unplace(keep: boolean): void {
    const placement = this.#placement;
    if (!placement) return;
    const keeps = keep && placement.holdsValues();
    this.#placement = undefined;
    this.#isLost = !keeps;
    if (!keeps) return;
    const { array } = this.storage;
    array.set(placement.storage.array.subarray(placement.offset, placement.offset + this.count));
  }

  /** Says that its values are not what its steps would have written. */
  lose(): void {
    this.#isLost = true;
  }

  /** Says that values were written to it since they were lost. */
  regain(): void {
    this.#isLost = false;
  }

  /** Starts from zeros again, in the memory it has. */
  clear(): void {
    this.#storage?.array.fill(0);
    this.#isLost = false;
  }

  /** Takes the place of another span: with its values, if it has memory of its own and as many, else with zeros. */
  succeed(other: Span): void {
    this.clear();
    if (other.#storage && other.holdsValues && other.count === this.count) this.array.set(other.#storage.array);
  }

  /** Gives the memory back; used again, the span starts from zeros. */
  release(): void {
    this.#storage?.release();
    this.#storage = undefined;
    this.#placement = undefined;
    this.#isLost = false;
  }
}
