import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { LossLayer } from "./loss.js";

/**
 * Half the mean squared distance: Σ (a − b)²/(2·N).
 *
 * Bottoms a and b, with the same first axis N and the same number of values; top a scalar.
 * Gradients: (a − b)·dloss/N for a, its negative for b; both bottoms may learn.
 */
export class EuclideanLossLayer extends LossLayer {
  static readonly type = "EuclideanLoss";
  override readonly withoutGradient = {};
  #difference: Span | undefined;

  override topShapes([a, b]: readonly [Shape, Shape]): readonly Shape[] {
    this.check(
      countOf(a, 1) === countOf(b, 1),
      "MOKA_SHAPE",
      `both bottoms must have as many values behind the first axis; they are ${formatShape(a)} and ${formatShape(b)}`,
    );
    return super.topShapes([a, b]);
  }

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
function rowsOf({ shape }: Tensor): number {
  return Math.max(1, shape[0] ?? 1);
}
