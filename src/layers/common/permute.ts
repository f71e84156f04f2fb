import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "./unary.js";

/**
 * Puts the axes of a blob in another order.
 *
 * Bottom x of any shape; top y whose axis i is axis `order[i]` of x. Axes that `order` does not name follow in ascending order, so without
 * `order` nothing changes. If the order is that of x already, y shares the data and the diff of x. Otherwise it cannot work in place.
 * Gradient: each dy goes back where its value came from.
 *
 * `permute_param`: `order` (none), each axis at most once.
 *
 * Source: weiliu89's SSD. Dialect: ssd.
 */
export class PermuteLayer extends UnaryLayer {
  static readonly type = "Permute";
  readonly #named: readonly number[] = this.message.permuteParam?.order ?? [];
  readonly #isSorted = this.#named.every((axis, i) => axis === i);
  override readonly sharesBottom = this.#isSorted;
  override readonly passesOn = "first";

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const named = this.#named;
    this.check(
      new Set(named).size === named.length,
      "MOKA_FIELD",
      `permute_param.order must name each axis at most once; it is ${named.join(" ")}`,
    );
    this.check(
      named.every((axis) => axis < x.length),
      "MOKA_SHAPE",
      `permute_param.order ${named.join(" ")} names an axis that its bottom ${formatShape(x)} has not`,
    );
    return [this.#orderOf(x).map((axis) => x[axis] ?? 0)];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    if (this.#isSorted) {
      y.shareData(x);
      y.shareDiff(x);
      return;
    }
    const move = { shape: y.shape, strides: this.#stridesOf(x.shape), from: x.data, to: y.data };
    k.host("permute", () => gather(move), { reads: [x.data], writes: [y.data] });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted || this.#isSorted) return;
    const order = this.#orderOf(x.shape);
    const steps = stepsOf(y.shape);
    const strides = x.shape.map((_, axis) => steps[order.indexOf(axis)] ?? 0);
    const move = { shape: x.shape, strides, from: y.diff, to: x.diff };
    k.host("permute gradient", () => gather(move), { reads: [y.diff], writes: [x.diff] });
  }

  #orderOf(x: Shape): number[] {
    return [...this.#named, ...[...x.keys()].filter((axis) => !this.#named.includes(axis))];
  }

  /** The distance in x of two neighbours along each axis of y. */
  #stridesOf(x: Shape): number[] {
    const steps = stepsOf(x);
    return this.#orderOf(x).map((axis) => steps[axis] ?? 0);
  }
}

/** The distance of two neighbours along each axis. */
const stepsOf = (shape: Shape): number[] => shape.map((_, axis) => countOf(shape, axis + 1));

interface Move {
  /** The shape of what is written, and the distance in what is read along each of its axes. */
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly from: Span;
  readonly to: Span;
}

/** Writes `to` in its order. The two last axes are plain loops; the place of the others moves on as in an odometer. */
function gather({ shape, strides, from, to }: Move): void {
  const [source, target] = [from.array, to.array];
  const outer = Math.max(shape.length - 2, 0);
  const [rows, columns] = [shape.length > 1 ? (shape[outer] ?? 1) : 1, shape.at(-1) ?? 1];
  const [rowStride, stride] = [shape.length > 1 ? (strides[outer] ?? 0) : 0, strides.at(-1) ?? 0];
  const index = new Uint32Array(outer);
  let place = 0;
  for (let at = 0; at < target.length; ) {
    for (let row = 0; row < rows; row++) {
      let i = place + row * rowStride;
      for (const end = at + columns; at < end; i += stride) target[at++] = source[i] as number;
    }
    for (let axis = outer - 1; axis >= 0; axis--) {
      place += strides[axis] as number;
      if (++(index[axis] as number) < (shape[axis] as number)) break;
      place -= (strides[axis] as number) * (shape[axis] as number);
      index[axis] = 0;
    }
  }
}
