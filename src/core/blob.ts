import { check } from "../util/errors.js";
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
 * them anew instead of keeping one across a call that runs or reshapes the net.
 *
 * @throws MokaError `MOKA_USAGE` from both, in a net with `keep: "outputs"`, once other blobs use the memory
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

  /** Whether `data` can be read. Always true without `keep: "outputs"`. */
  get hasData(): boolean {
    return this.#shown.data.holdsValues;
  }

  get data(): Float32Array {
    return this.#values(this.#shown.data, "data");
  }

  get diff(): Float32Array {
    return this.#values(this.#shown.diff, "diff");
  }

  #values(span: Span, what: "data" | "diff"): Float32Array {
    check(
      span.holdsValues,
      "MOKA_USAGE",
      `the ${what} of blob "${this.name}" is gone: only inputs, outputs and parameters are kept after a run, and others ` +
        'use its memory now; load the net with keep: "all" to look at every blob',
    );
    return span.lend() as Float32Array;
  }

  /** As Caffe prints it: `1 3 227 227 (154587)`. */
  toString(): string {
    return formatShape(this.shape);
  }
}
