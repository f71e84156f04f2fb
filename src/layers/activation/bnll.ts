import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { NeuronLayer } from "./neuron.js";

/**
 * Binomial normal log likelihood, also called softplus: y = log(1 + e^x).
 *
 * Bottom x of any shape, top y of the same; works in place.
 * Gradient: dx = dy/(1 + e^−x). In place Moka keeps a copy of x for it; Caffe uses y instead, which is wrong.
 *
 * No parameters.
 */
export class BNLLLayer extends NeuronLayer {
  static readonly type = "BNLL";
  override readonly rereads = { bottom: "values", inPlace: "lost" } as const;

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    this.keepInput(k, x, y);
    k.softplus({ x: x.data, y: y.data });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (wanted) k.softplusBackward({ x: this.inputOf(x), dy: y.diff, dx: x.diff });
  }
}
