import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { formatShape, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "../common/unary.js";

/** What moves values between channels and positions in darknet's order: see `ReorgLayer`. */
export abstract class ReorgBase extends UnaryLayer {
  protected abstract readonly order: { readonly stride: number; readonly reverse: boolean };
  override readonly passesOn = "first";

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const { stride, reverse } = this.order;
    const [images = 0, channels = 0, height = 0, width = 0] = x;
    const area = stride * stride;
    this.check(
      x.length === 4 && channels % area === 0 && (reverse || (height % stride === 0 && width % stride === 0)),
      "MOKA_SHAPE",
      `needs (N, C, H, W) with C divisible by ${area}${reverse ? "" : `, H and W by ${stride}`}; it is ${formatShape(x)}`,
    );
    return reverse
      ? [[images, channels / area, height * stride, width * stride]]
      : [[images, channels * area, height / stride, width / stride]];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    this.#move(k, x.shape, x.data, y.data, this.order.reverse);
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (wanted) this.#move(k, x.shape, y.diff, x.diff, !this.order.reverse);
  }

  /** With `scatter`, value i of each image goes to place F(i); else it comes from there. Both are orders of six axes. */
  #move(
    k: Recorder,
    [images = 0, channels = 0, height = 0, width = 0]: Shape,
    x: Span,
    y: Span,
    scatter: boolean,
  ): void {
    const { stride } = this.order;
    const depth = channels / (stride * stride);
    if (scatter) k.permute({ x, y, shape: [images, stride, stride, depth, height, width], order: [0, 3, 4, 1, 5, 2] });
    else k.permute({ x, y, shape: [images, depth, height, stride, width, stride], order: [0, 3, 5, 1, 2, 4] });
  }
}
