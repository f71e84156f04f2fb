import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { canonicalAxis, countOf, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "./unary.js";

/**
 * Reverses the order along axes, as the time of the backward half of a bidirectional LSTM.
 *
 * Bottom x of any shape, top y of the same: y at index i of an axis is x at size − 1 − i. Cannot work in place. Gradient: each dy goes
 * back where its value came from; Synopsys's has none.
 *
 * `reverse_param`: `axis`, may count from the end. Without any, axis 0 in caffe_ocr; Synopsys's, which may name several, reverses nothing
 * then, and here too axis 0.
 *
 * Source: senlinuc's caffe_ocr; synopsys-caffe. Dialects: caffe-ocr, synopsys.
 */
export class ReverseLayer extends UnaryLayer {
  static readonly type = "Reverse";
  override readonly passesOn = "first";

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    this.axes(x);
    return [x];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    this.#reverse(k, x.shape, x.data, y.data);
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (wanted) this.#reverse(k, x.shape, y.diff, x.diff);
  }

  /** The axes of a bottom of this shape that it reverses, in ascending order. */
  axes(x: Shape): readonly number[] {
    const given = this.message.reverseParam?.axis ?? [];
    const axes = (given.length > 0 ? given : [0]).map((axis) => canonicalAxis(x, axis, "reverse_param.axis"));
    return [...new Set(axes)].sort((a, b) => a - b);
  }

  #reverse(k: Recorder, shape: Shape, from: Span, to: Span): void {
    const axes = this.axes(shape);
    const [first = 0, ...others] = axes;
    if (others.length === 0 && countOf(shape) > 0) {
      reverseAlong(k, shape, first, from, to);
      return;
    }
    const strides = shape.map((_, axis) => countOf(shape, axis + 1));
    // Where axis by axis would be a pass over memory each, all are done at once.
    const run = () => {
      const [source, target] = [from.array, to.array];
      for (let i = 0; i < target.length; i++) {
        let place = i;
        for (const axis of axes) {
          const [stride = 1, size = 1] = [strides[axis], shape[axis]];
          const index = Math.floor(i / stride) % size;
          place += (size - 1 - 2 * index) * stride;
        }
        target[i] = source[place] as number;
      }
    };
    k.host("reverse", run, { reads: [from], writes: [to] });
  }
}

/** Copies each index of the axis by itself, for all that is before the axis at once. */
function reverseAlong(k: Recorder, shape: Shape, axis: number, from: Span, to: Span): void {
  const [rows, size, width] = [countOf(shape, 0, axis), shape[axis] ?? 0, countOf(shape, axis + 1)];
  const stride = size * width;
  for (let i = 0; i < size; i++) {
    const [x, y] = [from.tail(i * width), to.tail((size - 1 - i) * width)];
    k.copyRows({ x, y, rows, width, xStride: stride, yStride: stride });
  }
}
