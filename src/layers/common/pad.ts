import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { PadParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "./unary.js";

/**
 * Puts a constant around a blob.
 *
 * Bottom x of any shape; top y, longer on each axis by the paddings before and behind. Cannot work in place. Gradient: dx is the part of dy
 * where x is. The fork has none.
 *
 * `pad_param`: `paddings`, before and behind for each axis of x, the first axis first; required. `constant_values` (0).
 *
 * Source: synopsys-caffe, after TensorFlow. Dialect: synopsys.
 */
export class PadLayer extends UnaryLayer {
  static readonly type = "Pad";
  readonly #param = this.message.padParam ?? create(PadParameterSchema);
  override readonly passesOn = "first";

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const { paddings } = this.#param;
    this.check(
      paddings.length === 2 * x.length,
      "MOKA_SHAPE",
      `pad_param.paddings must be two for each axis of its bottom ${formatShape(x)}, before and behind; there are ${paddings.length}`,
    );
    const shape = x.map((size, axis) => size + (paddings[2 * axis] ?? 0) + (paddings[2 * axis + 1] ?? 0));
    const reason = `pad_param.paddings ${paddings.join(" ")} make its bottom ${formatShape(x)} too large for a blob`;
    this.check(countOf(shape) < 2 ** 31, "MOKA_SHAPE", reason);
    return [shape];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const value = this.#param.constantValues;
    const stages = this.#stages(k, x, y, x.data, y.data);
    if (stages.length === 0) k.copy({ x: x.data, y: y.data });
    for (const { inner, outer, within, rows, width, stride } of stages) {
      k.fill({ y: outer, value });
      if (rows * width > 0) k.copyRows({ x: inner, y: within, rows, width, xStride: width, yStride: stride });
    }
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted) return;
    const stages = this.#stages(k, x, y, x.diff, y.diff);
    if (stages.length === 0) k.copy({ x: y.diff, y: x.diff });
    for (const { inner, within, rows, width, stride } of stages.reverse()) {
      if (rows * width > 0) k.copyRows({ x: within, y: inner, rows, width, xStride: stride, yStride: width });
    }
  }

  /**
   * The padded axes, the last first: each is padded with all axes before it as rows, and all behind it, padded, as one run. Between two of
   * them is memory of its own.
   */
  #stages(k: Recorder, x: Tensor, y: Tensor, first: Span, last: Span) {
    const padded = [...x.shape.keys()].filter((axis) => x.shape[axis] !== y.shape[axis]).reverse();
    let inner = first;
    return padded.map((axis, i) => {
      const [rows, behind] = [countOf(x.shape, 0, axis), countOf(y.shape, axis + 1)];
      const stride = countOf(y.shape, axis);
      const outer = i === padded.length - 1 ? last : k.span("padded", rows * stride);
      const within = outer.tail(rows * stride === 0 ? 0 : (this.#param.paddings[2 * axis] ?? 0) * behind);
      const stage = { inner, outer, within, rows, width: (x.shape[axis] ?? 0) * behind, stride };
      inner = outer;
      return stage;
    });
  }
}
