import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { ReorgParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
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

  /** With `scatter`, value i of each image goes to place F(i); else it comes from there. */
  #move(k: Recorder, shape: Shape, from: Span, to: Span, scatter: boolean): void {
    const places = placesOf(shape, this.#param.stride);
    const run = () => {
      const [source, target] = [from.array, to.array];
      for (let start = 0; start < source.length; start += places.length) {
        for (let i = 0; i < places.length; i++) {
          const place = places[i] ?? 0;
          if (scatter) target[start + place] = source[start + i] ?? 0;
          else target[start + i] = source[start + place] ?? 0;
        }
      }
    };
    k.host("reorg", run, { reads: [from], writes: [to] });
  }
}

/** F of each value of an image, in their order. */
function placesOf(shape: Shape, stride: number): Int32Array {
  const [, channels = 0, height = 0, width = 0] = shape;
  const depth = channels / (stride * stride);
  const places = new Int32Array(countOf(shape, 1));
  let i = 0;
  for (let c = 0; c < channels; c++) {
    const part = Math.trunc(c / depth);
    const first = ((c % depth) * height * stride + Math.trunc(part / stride)) * width * stride + (part % stride);
    for (let h = 0; h < height; h++) {
      for (let w = 0; w < width; w++) places[i++] = first + (h * stride * width + w) * stride;
    }
  }
  return places;
}
