import { create } from "@bufbuild/protobuf";
import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { UnstackParameterSchema } from "../../proto/gen/caffe_pb.js";
import { canonicalAxis, countOf, formatShape, type Shape } from "../../util/shape.js";

/**
 * Takes a blob apart along one axis, which is gone then.
 *
 * Bottom x; tops, one or more, all of x's shape without the axis: top i has what x has at index i. Tops may be fewer than there are
 * indices; what belongs to none of them gets no gradient. Gradient: each dy goes to its part of dx. The fork has none.
 *
 * `unstack_param`: `axis` (0), may count from the end; `num` is read and ignored, as in the fork.
 *
 * Source: synopsys-caffe, after TensorFlow. Dialect: synopsys.
 */
export class UnstackLayer extends Layer {
  static readonly type = "Unstack";
  override readonly bottomCount = 1;
  override readonly topCount = [1, Number.POSITIVE_INFINITY] as const;
  override readonly passesOn = "first";
  readonly #param = this.message.unstackParam ?? create(UnstackParameterSchema);

  /** The axis that it takes apart, perhaps counted from the end. */
  get axis(): number {
    return this.#param.axis;
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const axis = this.#axis(x);
    const tops = this.message.top.length;
    this.check(
      tops <= (x[axis] ?? 0),
      "MOKA_LAYER",
      `has ${tops} tops, more than axis ${axis} of its bottom ${formatShape(x)} has indices`,
    );
    return Array.from({ length: tops }, () => x.filter((_, i) => i !== axis));
  }

  override forward(k: Recorder, [x]: [Tensor], top: readonly Tensor[]): void {
    const { rows, width, stride } = this.#sizes(x.shape);
    if (rows * width === 0) return;
    top.forEach((y, i) => {
      k.copyRows({ x: x.data.tail(i * width), y: y.data, rows, width, xStride: stride, yStride: width });
    });
  }

  override backward(k: Recorder, top: readonly Tensor[], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted) return;
    const { rows, width, stride } = this.#sizes(x.shape);
    if (top.length * width < stride) k.fill({ y: x.diff, value: 0 });
    if (rows * width === 0) return;
    top.forEach((y, i) => {
      k.copyRows({ x: y.diff, y: x.diff.tail(i * width), rows, width, xStride: width, yStride: stride });
    });
  }

  #axis(x: Shape): number {
    return canonicalAxis(x, this.#param.axis, "unstack_param.axis");
  }

  /** The runs of values of a top, and how far apart they are in x. */
  #sizes(x: Shape) {
    const axis = this.#axis(x);
    return { rows: countOf(x, 0, axis), width: countOf(x, axis + 1), stride: countOf(x, axis) };
  }
}
