import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { ShuffleChannelParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "./unary.js";

/**
 * Shuffles channels, so that the next group convolution sees channels of all groups: with g = `group` and c = C/g, channel i·c + j of x
 * becomes channel j·g + i of y.
 *
 * Bottom x (N, C, …), top y of the same shape. C must be divisible by g.
 * Gradient: each dy goes back to its channel.
 *
 * `shuffle_channel_param`: `group` (1).
 *
 * Source: farmingyard's ShuffleNet; Zhang et al. 2018.
 */
export class ShuffleChannelLayer extends UnaryLayer {
  static readonly type = "ShuffleChannel";
  static override readonly paramField = "shuffle_channel_param";
  readonly #group = (this.message.shuffleChannelParam ?? create(ShuffleChannelParameterSchema)).group;
  override readonly passesOn = "first";

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const group = this.#group;
    this.check(group > 0, "MOKA_FIELD", `shuffle_channel_param.group must be 1 or more; it is ${group}`);
    this.check(
      x.length >= 2 && (x[1] ?? 0) % group === 0,
      "MOKA_SHAPE",
      `needs (N, C, …) with C divisible by group ${group}; it is ${formatShape(x)}`,
    );
    return [x];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    this.#shuffle(k, x.shape, x.data, y.data, this.#group);
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    // Shuffling by C/g groups is the way back.
    if (wanted) this.#shuffle(k, x.shape, y.diff, x.diff, (x.shape[1] ?? 0) / this.#group);
  }

  /** Copies the channels of one group of one image at a time, apart. */
  #shuffle(k: Recorder, shape: Shape, from: Span, to: Span, groups: number): void {
    const [images = 0, channels = 0] = shape;
    const width = countOf(shape, 2);
    const rows = channels / groups;
    if (countOf(shape) === 0) return;
    for (let n = 0; n < images; n++) {
      for (let i = 0; i < groups; i++) {
        const source = from.slice((n * channels + i * rows) * width, rows * width);
        const start = (n * channels + i) * width;
        const target = to.slice(start, ((rows - 1) * groups + 1) * width);
        k.copyRows({ x: source, y: target, rows, width, xStride: width, yStride: groups * width });
      }
    }
  }
}
