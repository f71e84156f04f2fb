import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { FlipParameterSchema } from "../../proto/gen/caffe_pb.js";
import { formatShape, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "./unary.js";

/**
 * Flips images: left and right, top and bottom, or both.
 *
 * Bottom x (N, C, H, W), or with fewer axes at the end left out; top y of the same shape: y[n, c, h, w] = x[n, c, h′, w′], where w′ is
 * W − 1 − w with `flip_width`, and h′ is H − 1 − h with `flip_height`. Gradient: each dy goes back where its value came from.
 *
 * `flip_param`: `flip_width` (true), `flip_height` (false).
 *
 * It cannot work in place; the fork reads values there that it has overwritten.
 *
 * Source: happynear's caffe-windows. Dialect: happynear.
 */
export class FlipLayer extends UnaryLayer {
  static readonly type = "Flip";
  readonly #param = this.message.flipParam ?? create(FlipParameterSchema);
  override readonly passesOn = "first";

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    this.check(x.length <= 4, "MOKA_SHAPE", `needs at most 4 axes, (N, C, H, W); it is ${formatShape(x)}`);
    return [x];
  }

  /** The axes along which it flips. */
  get axes(): readonly number[] {
    const { flipWidth, flipHeight } = this.#param;
    return [...(flipHeight ? [2] : []), ...(flipWidth ? [3] : [])];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    this.#flip(k, x.shape, x.data, y.data);
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (wanted) this.#flip(k, x.shape, y.diff, x.diff);
  }

  #flip(k: Recorder, [, , height = 1, width = 1]: Shape, from: Span, to: Span): void {
    const { flipWidth, flipHeight } = this.#param;
    const area = height * width;
    const run = () => {
      const [source, target] = [from.array, to.array];
      for (let start = 0; start < source.length; start += area) {
        for (let row = 0; row < height; row++) {
          const first = start + row * width;
          const other = start + (flipHeight ? height - 1 - row : row) * width;
          if (!flipWidth) target.set(source.subarray(other, other + width), first);
          else for (let i = 0; i < width; i++) target[first + i] = source[other + width - 1 - i] ?? 0;
        }
      }
    };
    k.host("flip", run, { reads: [from], writes: [to] });
  }
}
