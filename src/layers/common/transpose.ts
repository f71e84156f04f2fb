import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { formatShape, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "./unary.js";

/**
 * Puts the axes of a blob in another order, as Permute; OCR nets take it to go from images to sequences.
 *
 * Bottom x; top y whose axis i is axis `dim[i]` of x. Cannot work in place. Gradient: each dy goes back where its value came from.
 *
 * `transpose_param`: `dim`, each axis of x once; required.
 *
 * Source: senlinuc's caffe_ocr. Dialect: caffe-ocr.
 */
export class TransposeLayer extends UnaryLayer {
  static readonly type = "Transpose";
  readonly #order: readonly number[] = this.message.transposeParam?.dim ?? [];
  override readonly passesOn = "first";

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const order = this.#order;
    this.check(
      order.length === x.length && [...x.keys()].every((axis) => order.includes(axis)),
      "MOKA_SHAPE",
      `transpose_param.dim must name each axis of its bottom ${formatShape(x)} once; it is ${order.join(" ") || "not given"}`,
    );
    return [order.map((axis) => x[axis] ?? 0)];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    k.permute({ x: x.data, y: y.data, shape: x.shape, order: this.#order });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    const order = this.#order.map((_, axis) => this.#order.indexOf(axis));
    if (wanted) k.permute({ x: y.diff, y: x.diff, shape: y.shape, order });
  }
}
