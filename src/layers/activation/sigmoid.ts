import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { NeuronLayer } from "./neuron.js";

/**
 * Logistic function: y = 1/(1 + e^−x).
 *
 * Bottom x of any shape, top y of the same; works in place. Gradient: dx = dy·y·(1 − y).
 * `sigmoid_param.engine` is read and ignored.
 */
export class SigmoidLayer extends NeuronLayer {
  static readonly type = "Sigmoid";
  override readonly activation = "saturating";
  override readonly spareTops = "all";
  override readonly rereads = { top: "values" } as const;

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    k.sigmoid({ x: x.data, y: y.data });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (wanted) k.sigmoidBackward({ y: y.data, dy: y.diff, dx: x.diff });
  }
}
