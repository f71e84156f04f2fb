import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { ReorgParameterSchema } from "../../proto/gen/caffe_pb.js";
import { formatShape, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "../common/unary.js";

/**
 * Moves values between channels and positions, in darknet's order: YOLOv2's passthrough layer.
 *
 * Bottom x (N, C, H, W). With s = `stride` and D = C/s², F(c, h, w) is the place of (c mod D, h·s + ⌊⌊c/D⌋/s⌋, w·s + ⌊c/D⌋ mod s) in an array
 * (D, H·s, W·s). With `reverse` the top is (N, D, H·s, W·s), and y[F(c, h, w)] = x[c, h, w]: channels go to positions. Without it the top is
 * (N, C·s², H/s, W/s), and value (c·H + h)·W + w of y is value F(c, h, w) of x, with the sizes of x. This is darknet's order, neither the
 * inverse of `reverse` nor the usual space-to-depth; trained nets depend on it. C must be divisible by s², and H and W by s without `reverse`.
 * Gradient: each dy goes back where its value came from. The fork's is 0, from a blob that nothing writes.
 *
 * `reorg_param`: `stride` (must be given), `reverse` (false).
 *
 * Source: eric612's MobileNet-YOLO, after darknet. Dialect: eric612.
 */
export class ReorgLayer extends UnaryLayer {
  static readonly type = "Reorg";
  static override readonly paramField = "reorg_param";
  readonly #param = this.message.reorgParam ?? create(ReorgParameterSchema);
  override readonly passesOn = "first";

  override setup(): void {
    this.check(this.#param.stride > 0, "MOKA_FIELD", "reorg_param.stride must be given, and 1 or more");
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const { stride, reverse } = this.#param;
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
    this.#move(k, x.shape, x.data, y.data, this.#param.reverse);
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (wanted) this.#move(k, x.shape, y.diff, x.diff, !this.#param.reverse);
  }

  /** With `scatter`, value i of each image goes to place F(i); else it comes from there. Both are orders of six axes. */
  #move(
    k: Recorder,
    [images = 0, channels = 0, height = 0, width = 0]: Shape,
    x: Span,
    y: Span,
    scatter: boolean,
  ): void {
    const { stride } = this.#param;
    const depth = channels / (stride * stride);
    if (scatter) k.permute({ x, y, shape: [images, stride, stride, depth, height, width], order: [0, 3, 4, 1, 5, 2] });
    else k.permute({ x, y, shape: [images, depth, height, stride, width, stride], order: [0, 3, 5, 1, 2, 4] });
  }
}
