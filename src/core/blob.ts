import { check } from "../util/errors.js";
import { formatShape, type Shape } from "../util/shape.js";
import type { Span } from "./span.js";

/** The part of a tensor that its blob shows to users. */
interface TensorView {
  readonly name: string;
  readonly shape: Shape;
  readonly count: number;
  readonly data: Span;
  readonly diff: Span;
}

/**
 * A named array with a shape, as pycaffe's `Blob`: `data` holds values, `diff` gradients.
 *
 * Both are views of the engine's memory, in row-major order: writing to them writes to the net. A view is valid until
 * the next call that runs or reshapes the net; get it again after each such call.
 *
 * @throws MokaError `MOKA_USAGE` from both, in a net with `keep: "outputs"`, once other blobs use the memory
 */
export class Blob {
  readonly #tensor: TensorView;

  constructor(tensor: TensorView) {
    this.#tensor = tensor;
  }

  get name(): string {
    return this.#tensor.name;
  }

  /** Sizes of the axes, outermost first; empty for a scalar. */
  get shape(): Shape {
    return this.#tensor.shape;
  }

  get count(): number {
    return this.#tensor.count;
  }

  /** Whether `data` can be read. Always true without `keep: "outputs"`. */
  get hasData(): boolean {
    return this.#tensor.data.holdsValues;
  }

  get data(): Float32Array {
    return this.#values(this.#tensor.data, "data");
  }

  get diff(): Float32Array {
    return this.#values(this.#tensor.diff, "diff");
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

  /**
   * As Caffe prints it: `1 3 227 227 (154587)`.
   *
   * @example
   * ```ts
   * console.log(String(net.blobs.get("data"))); // 1 3 8 8 (192)
   * ```
   */
  toString(): string {
    return formatShape(this.shape);
  }
}
