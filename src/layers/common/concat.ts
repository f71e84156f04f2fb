import { create, isFieldSet } from "@bufbuild/protobuf";
import { Layer, type OneOrMore } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { ConcatParameterSchema } from "../../proto/gen/caffe_pb.js";
import { canonicalAxis, countOf, formatShape, type Shape, sameShape } from "../../util/shape.js";

/**
 * Joins blobs along one axis.
 *
 * Bottoms, one or more, of the same shape except on that axis; top y, whose size on the axis is their sum. A
 * single bottom is passed on without a copy. Gradient: each bottom gets its part of dy.
 *
 * `concat_param`: `axis` (1), may count from the end; `concat_dim` (1), its old form.
 */
export class ConcatLayer extends Layer {
  static readonly type = "Concat";
  override readonly bottomCount = [1, Number.POSITIVE_INFINITY] as const;
  override readonly topCount = 1;
  readonly #param = this.message.concatParam ?? create(ConcatParameterSchema);
  override readonly sharesBottom = this.message.bottom.length === 1;
  override readonly passesOn = "all";
  override readonly commutesWithAffine = true;

  override setup(): void {
    const { axis, concatDim } = ConcatParameterSchema.field;
    this.check(
      !(isFieldSet(this.#param, axis) && isFieldSet(this.#param, concatDim)),
      "MOKA_FIELD",
      "concat_param takes axis or concat_dim, not both",
    );
  }

  override topShapes(bottom: OneOrMore<Shape>): readonly Shape[] {
    const [first] = bottom;
    const axis = this.#axis(first);
    const others = (shape: Shape) => shape.filter((_, i) => i !== axis);
    for (const shape of bottom) {
      this.check(
        shape.length === first.length && sameShape(others(shape), others(first)),
        "MOKA_SHAPE",
        `all bottoms must agree but for axis ${axis}; there are ${bottom.map(formatShape).join(", ")}`,
      );
    }
    const length = bottom.reduce((sum, shape) => sum + (shape[axis] ?? 0), 0);
    return [first.map((size, i) => (i === axis ? length : size))];
  }

  override forward(k: Recorder, bottom: readonly Tensor[], [y]: [Tensor]): void {
    if (bottom.length === 1) {
      y.shareData(bottom[0] as Tensor);
      y.shareDiff(bottom[0] as Tensor);
      return;
    }
    for (const { x, rows, width, start, stride } of this.#parts(bottom, y)) {
      const target = y.data.tail(start);
      k.copyRows({ x: x.data, y: target, rows, width, xStride: width, yStride: stride });
    }
  }

  override backward(k: Recorder, [y]: [Tensor], wanted: readonly boolean[], bottom: readonly Tensor[]): void {
    if (bottom.length === 1) return;
    this.#parts(bottom, y).forEach(({ x, rows, width, start, stride }, i) => {
      const source = y.diff.tail(start);
      if (wanted[i]) k.copyRows({ x: source, y: x.diff, rows, width, xStride: stride, yStride: width });
    });
  }

  #axis(shape: Shape): number {
    const { axis, concatDim } = this.#param;
    if (isFieldSet(this.#param, ConcatParameterSchema.field.concatDim)) {
      return canonicalAxis(shape, concatDim, "concat_param.concat_dim");
    }
    return canonicalAxis(shape, axis, "concat_param.axis");
  }

  /** Where each bottom lies in the top: rows of `width` values from `start` on, `stride` apart. */
  #parts(bottom: readonly Tensor[], y: Tensor) {
    const axis = this.#axis(y.shape);
    const stride = countOf(y.shape, axis);
    let start = 0;
    return bottom.map((x) => {
      const width = countOf(x.shape, axis);
      const part = { x, rows: countOf(y.shape, 0, axis), width, start, stride };
      start += width;
      return part;
    });
  }
}
