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
    const group = this.#group;
    this.#swap(k, x.shape, x.data, y.data, [group, (x.shape[1] ?? 0) / group]);
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    const group = this.#group;
    if (wanted) this.#swap(k, x.shape, y.diff, x.diff, [(x.shape[1] ?? 0) / group, group]);
  }

  /** Channels are a matrix of these sizes, which is transposed. */
  #swap(k: Recorder, shape: Shape, x: Span, y: Span, sizes: readonly [number, number]): void {
    k.permute({ x, y, shape: [shape[0] ?? 0, ...sizes, countOf(shape, 2)], order: [0, 2, 1, 3] });
  }
}
