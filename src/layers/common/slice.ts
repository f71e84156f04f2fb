import { create } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { SliceParameterSchema } from "../../proto/gen/caffe_pb.js";
import { formatShape, type Shape } from "../../util/shape.js";
import { partsAxis, partsOf } from "./parts.js";

/**
 * Cuts a blob along one axis.
 *
 * Bottom x; tops, one or more: the pieces between the slice points, or, without any, equal ones. A single top
 * is the bottom itself, without a copy. Gradient: each dy goes to its part of dx.
 *
 * `slice_param`: `axis` (1), may count from the end; `slice_dim` (1), its old form; `slice_point`, rising,
 * one less than there are tops.
 */
export class SliceLayer extends Layer {
  static readonly type = "Slice";
  override readonly bottomCount = 1;
  override readonly topCount = [1, Number.POSITIVE_INFINITY] as const;
  readonly #param = this.message.sliceParam ?? create(SliceParameterSchema);
  override readonly sharesBottom = this.message.top.length === 1;
  override readonly passesOn = "first";

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const axis = this.#axis(x);
    return this.#lengths(x[axis] ?? 0, x).map((length) => x.map((size, i) => (i === axis ? length : size)));
  }

  override forward(k: Recorder, [x]: [Tensor], top: readonly Tensor[]): void {
    if (top.length === 1) {
      top[0]?.shareData(x);
      top[0]?.shareDiff(x);
      return;
    }
    for (const { part, rows, width, start, stride } of partsOf(x, top, this.#axis(x.shape))) {
      const source = x.data.tail(start);
      k.copyRows({ x: source, y: part.data, rows, width, xStride: stride, yStride: width });
    }
  }

  override backward(k: Recorder, top: readonly Tensor[], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted || top.length === 1) return;
    for (const { part, rows, width, start, stride } of partsOf(x, top, this.#axis(x.shape))) {
      const target = x.diff.tail(start);
      k.copyRows({ x: part.diff, y: target, rows, width, xStride: width, yStride: stride });
    }
  }

  #axis(shape: Shape): number {
    return partsAxis(this, shape, reflect(SliceParameterSchema, this.#param), "slice_param", "slice_dim");
  }

  /** The size of each top on the axis. */
  #lengths(length: number, x: Shape): number[] {
    const tops = this.message.top.length;
    const points = this.#param.slicePoint;
    if (points.length === 0) {
      this.check(
        length % tops === 0,
        "MOKA_SHAPE",
        `${tops} tops must divide the axis of ${length} in ${formatShape(x)}; else give slice_param.slice_point`,
      );
      return Array<number>(tops).fill(length / tops);
    }
    this.check(
      points.length === tops - 1,
      "MOKA_FIELD",
      `${tops} tops need ${tops - 1} slice_param.slice_point, not ${points.length}`,
    );
    const cuts = [0, ...points, length];
    return cuts.slice(1).map((cut, i) => {
      const before = cuts[i] ?? 0;
      this.check(
        cut > before,
        "MOKA_FIELD",
        `slice_param.slice_point must rise and lie within 1 to ${length - 1} on the axis of ${length}; given: ${points.join(", ")}`,
      );
      return cut - before;
    });
  }
}
