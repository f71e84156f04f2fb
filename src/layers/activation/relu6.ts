import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { NeuronLayer } from "./neuron.js";

/** The float32 values next to the bounds, inside. */
const [aboveZero, belowSix] = [2 ** -149, 6 - 2 ** -21];

/**
 * Rectified linear unit with an upper bound: y = min(max(x, 0), 6); NaN becomes 0.
 *
 * Bottom x of any shape, top y of the same; works in place.
 * Gradient: dx = dy where 0 < x < 6, else 0. In place y is compared, with the same result.
 *
 * `relu6_param` is read and ignored: it has only `engine` in effect.
 *
 * Source: chuanqi305's MobileNet-SSD tree; Howard et al. 2017.
 */
export class ReLU6Layer extends NeuronLayer {
  static readonly type = "ReLU6";
  override readonly activation = "rectifier";
  override readonly keepsSign = true;
  override readonly rereads = { bottom: "values" } as const;

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    k.clip({ x: x.data, y: y.data, min: 0, max: 6 });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    // clipBackward lets the bounds themselves pass, ReLU6 does not.
    if (wanted) k.clipBackward({ x: x.data, dy: y.diff, dx: x.diff, min: aboveZero, max: belowSix });
  }
}
