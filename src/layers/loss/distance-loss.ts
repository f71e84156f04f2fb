import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { LossLayer } from "./loss.js";

/** Half the mean squared distance of two bottoms, both of which may learn. */
export abstract class DistanceLossLayer extends LossLayer {
  override readonly withoutGradient = {};
  #difference: Span | undefined;

  override forward(k: Recorder, [a, b]: [Tensor, Tensor], [loss]: [Tensor]): void {
    const difference = k.span("difference", a.count);
    this.#difference = difference;
    k.sum({ xs: [a.data, b.data], coefficients: [1, -1], y: difference });
    k.dot({ a: difference, b: difference, y: loss.data, alpha: 1 / (2 * rowsOf(a)) });
  }

  override backward(k: Recorder, [loss]: [Tensor], wanted: [boolean, boolean], bottom: [Tensor, Tensor]): void {
    const difference = this.#difference;
    if (!difference) return;
    bottom.forEach((x, i) => {
      const alpha = (i === 0 ? 1 : -1) / rowsOf(x);
      if (wanted[i]) k.scaleBy({ x: difference, multiplier: loss.diff, y: x.diff, alpha });
    });
  }
}

/** The divisor of the loss: a batch without rows has loss 0. */
export function rowsOf({ shape }: Tensor): number {
  return Math.max(1, shape[0] ?? 1);
}
