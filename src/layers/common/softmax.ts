import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { canonicalAxis, collapseShape, type Shape } from "../../util/shape.js";
import { NeuronLayer } from "../activation/neuron.js";

/**
 * Softmax: y = e^x/Σ e^x along one axis, computed without overflow.
 *
 * Bottom x, top y of the same shape; works in place. Gradient: dx = (dy − Σ dy·y)·y.
 * `softmax_param`: `axis` (1), may count from the end; `engine` is read and ignored.
 */
export class SoftmaxLayer extends NeuronLayer {
  static readonly type = "Softmax";
  override readonly ignoresPropagateDown = true;
  static override readonly group = "loss";
  override readonly rereads = { top: "values" } as const;
  override readonly spareTops = "all";

  override topShapes(bottom: readonly [Shape]): readonly Shape[] {
    this.#collapse(bottom[0]);
    return bottom;
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    k.softmax({ x: x.data, y: y.data, ...this.#collapse(x.shape) });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (wanted) k.softmaxBackward({ y: y.data, dy: y.diff, dx: x.diff, ...this.#collapse(x.shape) });
  }

  #collapse(x: Shape) {
    const axis = canonicalAxis(x, this.message.softmaxParam?.axis ?? 1, "softmax_param.axis");
    return collapseShape(x, axis, axis + 1);
  }
}
