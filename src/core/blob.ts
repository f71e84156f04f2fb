import { check, MokaError } from "../util/errors.js";
import { quoted } from "../util/escape.js";
import { inspectKey } from "../util/inspect.js";
import { formatNumber } from "../util/number-format.js";
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

/** What `JSON.stringify` writes of a blob. `mean`, `min` and `max` are missing if it has no values, or they are not kept. */
export interface BlobDescription {
  readonly name: string;
  readonly shape: Shape;
  readonly count: number;
  /** NaN if a value is NaN; JSON has `null` for it. */
  readonly mean?: number;
  readonly min?: number;
  readonly max?: number;
}

/**
 * A named array with a shape, as pycaffe's `Blob`: `data` holds values, `diff` gradients.
 *
 * Both are views of the engine's memory, in row-major order: writing to them writes to the net. A view is valid until
 * the next call that runs or reshapes the net; get it again after each such call.
 *
 * `argmax`, `mean`, `slice`, `reshape`, `toNested` and others take a blob as an array. `console.log` and `JSON.stringify` show
 * its name, its shape, and the mean and the range of its data.
 *
 * @example
 * ```ts
 * const net = await Net.load("examples/article/deploy.prototxt");
 * const blob = net.blobs.get("data");
 * blob.data.fill(0.5); // as net.blobs['data'].data[...] = 0.5
 * console.log(blob); // Blob "data" 1 1 28 28 (784): mean 0.5, from 0.5 to 0.5
 * ```
 *
 * @throws MokaError `MOKA_USAGE` from both, in a net with `keep: "outputs"`, once other blobs use the memory
 */
export class Blob {
  readonly #tensor: TensorView;

  constructor(tensor: TensorView) {
    this.#tensor = tensor;
  }

  /** The name of the top, or of the layer's parameter. */
  get name(): string {
    return this.#tensor.name;
  }

  /** Sizes of the axes, outermost first; empty for a scalar. */
  get shape(): Shape {
    return this.#tensor.shape;
  }

  /** The number of values: the product of the shape. */
  get count(): number {
    return this.#tensor.count;
  }

  /** Whether `data` can be read. Always true without `keep: "outputs"`. */
  get hasData(): boolean {
    return this.#tensor.data.holdsValues;
  }

  /** The values, as a view: get it again after each run. */
  get data(): Float32Array {
    return this.#values(this.#tensor.data, "data");
  }

  /** The gradient of the loss with respect to the values, as a view. */
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

  /**
   * Its values in short, as `JSON.stringify` writes them.
   *
   * @example
   * ```ts
   * net.params.get("fc")[1].data.set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
   * const { shape, mean, min, max } = net.params.get("fc")[1].toJSON();
   * console.log(shape, mean, min, max); // [ 10 ] 4.5 0 9
   * ```
   */
  toJSON(): BlobDescription {
    const { name, shape, count } = this;
    const values = this.#look();
    if (!values?.length) return { name, shape, count };
    let [sum, min, max] = [0, Infinity, -Infinity];
    for (const value of values) {
      sum += value;
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    return { name, shape, count, mean: sum / count, min, max };
  }

  [inspectKey](): string {
    const { name, mean, min, max } = this.toJSON();
    const head = `Blob ${quoted(name)} ${formatShape(this.shape)}`;
    if (this.count === 0) return head;
    if (mean === undefined || min === undefined || max === undefined) return `${head}: values not kept`;
    return `${head}: mean ${formatNumber(mean)}, from ${formatNumber(min)} to ${formatNumber(max)}`;
  }

  /** The values, for reading at once; undefined if they are not kept, or the net was disposed of. */
  #look(): (ArrayLike<number> & Iterable<number>) | undefined {
    const { data } = this.#tensor;
    try {
      return data.holdsValues ? data.peek() : undefined;
    } catch (error) {
      // Showing a blob never fails: the memory of a net that was disposed of cannot be read.
      if (error instanceof MokaError) return undefined;
      throw error;
    }
  }
}
