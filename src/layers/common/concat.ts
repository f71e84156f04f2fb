import { create } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { Layer, type OneOrMore } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { ConcatParameterSchema } from "../../proto/gen/caffe_pb.js";
import { formatShape, type Shape, sameShape } from "../../util/shape.js";
import { partsAxis, partsOf } from "./parts.js";

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
    for (const { part, rows, width, start, stride } of partsOf(y, bottom, this.#axis(y.shape))) {
      const target = y.data.tail(start);
      k.copyRows({ x: part.data, y: target, rows, width, xStride: width, yStride: stride });
    }
  }

  override backward(k: Recorder, [y]: [Tensor], wanted: readonly boolean[], bottom: readonly Tensor[]): void {
    if (bottom.length === 1) return;
    partsOf(y, bottom, this.#axis(y.shape)).forEach(({ part, rows, width, start, stride }, i) => {
      const source = y.diff.tail(start);
      if (wanted[i]) k.copyRows({ x: source, y: part.diff, rows, width, xStride: stride, yStride: width });
    });
  }

  #axis(shape: Shape): number {
    return partsAxis(this, shape, reflect(ConcatParameterSchema, this.#param), "concat_param", "concat_dim");
  }
}
