import { formatShape, type Shape } from "../util/shape.js";
import type { Span } from "./span.js";

/** What a blob shows: a tensor, seen from outside. */
interface Shown {
  readonly name: string;
  readonly shape: Shape;
  readonly count: number;
  readonly data: Span;
  readonly diff: Span;
}

/**
 * A named array with a shape, as pycaffe's `Blob`: `data` holds values, `diff` gradients.
 *
 * Both are views of the engine's memory, in row-major order: writing to them writes to the net. Ask for
 * them anew instead of keeping one across a call that can reshape the net.
 */
export class Blob {
  readonly #shown: Shown;

  constructor(shown: Shown) {
    this.#shown = shown;
  }

  get name(): string {
    return this.#shown.name;
  }

  /** Sizes of the axes, outermost first; empty for a scalar. */
  get shape(): Shape {
    return this.#shown.shape;
  }

  get count(): number {
    return this.#shown.count;
  }

  get data(): Float32Array {
    return this.#shown.data.array as Float32Array;
  }

  get diff(): Float32Array {
    return this.#shown.diff.array as Float32Array;
  }

  /** As Caffe prints it: `1 3 227 227 (154587)`. */
  toString(): string {
    return formatShape(this.shape);
  }
}
