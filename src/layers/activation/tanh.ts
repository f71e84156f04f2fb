import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { NeuronLayer } from "./neuron.js";

/**
 * Hyperbolic tangent: y = tanh(x).
 *
 * Bottom x of any shape, top y of the same; works in place. Gradient: dx = dy·(1 − y²).
 * `tanh_param.engine` is read and ignored.
 */
export class TanHLayer extends NeuronLayer {
  static readonly type = "TanH";
  override readonly activation = "saturating";
  override readonly keepsSign = true;
  override readonly rereads = { top: "values" } as const;

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    k.tanh({ x: x.data, y: y.data });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (wanted) k.tanhBackward({ y: y.data, dy: y.diff, dx: x.diff });
  }
}
