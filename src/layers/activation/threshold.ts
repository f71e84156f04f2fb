import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { NeuronLayer } from "./neuron.js";

/**
 * Step: y = 1 where x > threshold, else 0.
 *
 * Bottom x of any shape, top y of the same; works in place. No gradient: a net that needs one is refused at its first
 * backward.
 *
 * `threshold_param`: `threshold` (0).
 */
export class ThresholdLayer extends NeuronLayer {
  static readonly type = "Threshold";
  readonly #threshold = this.message.thresholdParam?.threshold ?? 0;

  override allowForceBackward(): boolean {
    return false;
  }

  override takesIndices(): boolean {
    return false;
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    k.threshold({ x: x.data, y: y.data, threshold: this.#threshold });
  }

  override backward(_k: Recorder, _top: readonly Tensor[], [wanted]: [boolean], [x]: [Tensor]): void {
    this.check(!wanted, "MOKA_FIELD", `has no gradient: cannot propagate down to "${x.name}"`);
  }
}
