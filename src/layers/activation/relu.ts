import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { NeuronLayer } from "./neuron.js";

/**
 * Rectified linear unit: y = max(x, 0) + negative_slope·min(x, 0).
 *
 * Bottom x of any shape, top y of the same; works in place.
 * Gradient: dx = dy where x > 0, else negative_slope·dy. In place the sign is taken from y, as in Caffe;
 * y has the sign of x unless negative_slope is negative.
 *
 * `relu_param`: `negative_slope` (0); `engine` is read and ignored.
 *
 * Source: Nair and Hinton 2010; the leaky form Maas et al. 2013.
 */
export class ReLULayer extends NeuronLayer {
  static readonly type = "ReLU";
  readonly #negativeSlope = this.message.reluParam?.negativeSlope ?? 0;
  override readonly activation = "rectifier";
  override readonly keepsSign = true;
  override readonly rereads = { bottom: "sign" } as const;

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    k.relu({ x: x.data, y: y.data, negativeSlope: this.#negativeSlope });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (wanted) k.reluBackward({ x: x.data, dy: y.diff, dx: x.diff, negativeSlope: this.#negativeSlope });
  }
}
