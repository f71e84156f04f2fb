import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { formatShape, type Shape } from "../../util/shape.js";
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
    k.permute({ x: x.data, y: y.data, shape: x.shape, order: this.#orderOf(x.shape) });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted || this.#isSorted) return;
    const order = this.#orderOf(x.shape);
    k.permute({ x: y.diff, y: x.diff, shape: y.shape, order: order.map((_, axis) => order.indexOf(axis)) });
  }

  #orderOf(x: Shape): number[] {
    return [...this.#named, ...[...x.keys()].filter((axis) => !this.#named.includes(axis))];
  }
}
