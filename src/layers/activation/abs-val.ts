import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { NeuronLayer } from "./neuron.js";

/**
 * Absolute value: y = |x|.
 *
 * Bottom x of any shape, top y of the same; not in place, as in Caffe: the gradient needs the sign of x.
 * Gradient: dx = dy·sign(x), 0 where x is 0.
 */
export class AbsValLayer extends NeuronLayer {
  static readonly type = "AbsVal";
  override readonly inPlace = false;
  override readonly rereads = { bottom: "values" } as const;

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    k.abs({ x: x.data, y: y.data });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (wanted) k.absBackward({ x: x.data, dy: y.diff, dx: x.diff });
  }
}
