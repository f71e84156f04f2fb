import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { NeuronLayer } from "./neuron.js";

/**
 * Swish: y = x/(1 + e^(−beta·x)), x times its sigmoid.
 *
 * Bottom x of any shape, top y of the same; works in place.
 * Gradient: dx = dy·(s + beta·x·s·(1 − s)), s = 1/(1 + e^(−beta·x)); in place a copy of x is kept for it.
 *
 * `swish_param`: `beta` (1).
 *
 * Source: Ramachandran et al. 2017.
 */
export class SwishLayer extends NeuronLayer {
  static readonly type = "Swish";
  readonly #beta = this.message.swishParam?.beta ?? 1;
  override readonly keepsSign = true;
  override readonly rereads = { top: "values" } as const;

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    this.keepInput(k, x, y);
    k.swish({ x: x.data, y: y.data, beta: this.#beta });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (wanted) k.swishBackward({ x: this.inputOf(x), dy: y.diff, dx: x.diff, beta: this.#beta });
  }
}
