import { create } from "@bufbuild/protobuf";
import type { ParamDeclaration } from "../../core/layer.js";
import type { LayerUse } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { FillerParameterSchema } from "../../proto/gen/caffe_pb.js";
import { collapseShape, countOf, formatShape, type Shape } from "../../util/shape.js";
import { NeuronLayer } from "./neuron.js";

/**
 * Parametric rectifier: y = max(x, 0) + a·min(x, 0), with a learned slope a for each channel, or one for all.
 *
 * Bottom x of two or more axes, channels on axis 1; top y the same; works in place.
 * Gradients: dx = dy where x > 0, else a·dy; da = Σ dy·x where x ≤ 0, over all axes but the channels'.
 *
 * Parameters: 0 a, of shape (channels), or () with `channel_shared`.
 * `prelu_param`: `filler` (constant 0.25), `channel_shared` (false).
 *
 * Source: He et al. 2015, Delving Deep into Rectifiers.
 */
export class PReLULayer extends NeuronLayer {
  static readonly type = "PReLU";
  readonly #shared = this.message.preluParam?.channelShared ?? false;
  override readonly activation = "rectifier";
  override readonly keepsSign = true;
  override readonly rereads = { bottom: "values", inPlace: "copied" } as const;
  override readonly paramCount = 1;

  override topShapes(bottom: readonly [Shape]): readonly Shape[] {
    this.check(
      bottom[0].length >= 2,
      "MOKA_SHAPE",
      `needs a bottom of two axes or more, not ${formatShape(bottom[0])}`,
    );
    return bottom;
  }

  override declareParams([x]: readonly [Shape]): readonly ParamDeclaration[] {
    const filler = this.message.preluParam?.filler ?? create(FillerParameterSchema, { type: "constant", value: 0.25 });
    return [{ shape: this.#shared ? [] : [x[1] ?? 1], filler }];
  }

  /** bottom_memory_ where the layer works in place; multiplier_ and backward_buff_. */
  override caffeBuffers({ bottom: [x = []], inPlace }: LayerUse): number {
    return (inPlace ? countOf(x) : 0) + 2 * countOf(x, 1);
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    this.copyBottom(k, x, y);
    k.prelu({ x: x.data, slope: this.#slope.data, y: y.data, ...this.#collapse(x.shape) });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor], [learns]: [boolean]): void {
    const input = this.bottomOf(x);
    const collapsed = this.#collapse(x.shape);
    if (learns) k.preluBackwardSlope({ x: input, dy: y.diff, dslope: this.#slope.diff, ...collapsed });
    if (wanted) k.preluBackward({ x: input, slope: this.#slope.data, dy: y.diff, dx: x.diff, ...collapsed });
  }

  get #slope(): Tensor {
    return this.params[0] as Tensor;
  }

  #collapse(shape: Shape) {
    return this.#shared ? collapseShape(shape, 0, 0) : collapseShape(shape, 1, 2);
  }
}
