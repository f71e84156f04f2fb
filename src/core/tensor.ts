import { checkShape, countOf, type Shape, sameShape } from "../util/shape.js";
import { Blob } from "./blob.js";
import { type Memory, Span } from "./span.js";

/** The shape and the memory of a tensor at one time. */
export interface TensorState {
  readonly shape: Shape;
  readonly data: Span;
  readonly diff: Span;
  readonly owns: { readonly data: boolean; readonly diff: boolean };
}

/**
 * A blob in the form that layers use: a shape, and the spans of its data and its diff (the gradient of the loss with
 * respect to the data). Users get its `blob`.
 */
export class Tensor {
  readonly name: string;
  readonly #memory: Memory;
  #shape: Shape;
  #data: Span;
  #diff: Span;
  #owns = { data: true, diff: true };
  #blob: Blob | undefined;

  constructor(name: string, shape: Shape, memory: Memory) {
    checkShape(shape);
    this.name = name;
    this.#memory = memory;
    this.#shape = shape;
    this.#data = new Span(name, countOf(shape), memory);
    this.#diff = new Span(`${name}'`, countOf(shape), memory);
  }

  get shape(): Shape {
    return this.#shape;
  }

  get count(): number {
    return this.#data.count;
  }

  get data(): Span {
    return this.#data;
  }

  get diff(): Span {
    return this.#diff;
  }

  get blob(): Blob {
    this.#blob ??= new Blob(this);
    return this.#blob;
  }

  get state(): TensorState {
    return { shape: this.#shape, data: this.#data, diff: this.#diff, owns: { ...this.#owns } };
  }

  /** Restores an earlier state, with the memory of that time. */
  restore({ shape, data, diff, owns }: TensorState): void {
    this.#shape = shape;
    this.#data = data;
    this.#diff = diff;
    this.#owns = { ...owns };
  }

  /**
   * Changes the shape. If the count stays the same, the values do not change. Otherwise the tensor gets new spans. The old
   * ones are not released here, because an earlier `state` may refer to them.
   */
  reshape(shape: Shape): void {
    if (sameShape(shape, this.#shape)) return;
    checkShape(shape);
    this.#shape = shape;
    if (countOf(shape) === this.count) return;
    this.#owns = { data: true, diff: true };
    this.#data = new Span(this.name, countOf(shape), this.#memory);
    this.#diff = new Span(`${this.name}'`, countOf(shape), this.#memory);
  }

  /** Uses the data of `other`, which has the same count, without a copy. */
  shareData(other: Tensor): void {
    if (this.#owns.data) this.#data.release();
    this.#data = other.data;
    this.#owns.data = false;
  }

  /** Uses the diff of `other`, which has the same count, without a copy. */
  shareDiff(other: Tensor): void {
    if (this.#owns.diff) this.#diff.release();
    this.#diff = other.diff;
    this.#owns.diff = false;
  }

  /** Gives its memory back. */
  release(): void {
    if (this.#owns.data) this.#data.release();
    if (this.#owns.diff) this.#diff.release();
  }
}
