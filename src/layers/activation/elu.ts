import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { NeuronLayer } from "./neuron.js";

/**
 * Exponential linear unit: y = x where x > 0, else alpha·(e^x − 1).
 *
 * Bottom x of any shape, top y of the same; works in place.
 * Gradient: dx = dy where x > 0, else dy·(alpha + y). In place the sign is taken from y, as in Caffe; y has the
 * sign of x unless alpha is negative.
 *
 * `elu_param`: `alpha` (1).
 *
 * Source: Clevert et al. 2015.
 */
export class ELULayer extends NeuronLayer {
  static readonly type = "ELU";
  readonly #alpha = this.message.eluParam?.alpha ?? 1;
  override readonly activation = "rectifier";
  override readonly keepsSign = true;
  override readonly rereads = { bottom: "sign", top: "values" } as const;

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    k.elu({ x: x.data, y: y.data, alpha: this.#alpha });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (wanted) k.eluBackward({ x: x.data, y: y.data, dy: y.diff, dx: x.diff, alpha: this.#alpha });
  }
}
