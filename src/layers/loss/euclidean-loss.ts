import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { DistanceLossLayer } from "./distance-loss.js";

/**
 * Half the mean squared distance: Σ (a − b)²/(2·N).
 *
 * Bottoms a and b, with the same first axis N and the same number of values; top a scalar.
 * Gradients: (a − b)·dloss/N for a, its negative for b; both bottoms may learn.
 */
export class EuclideanLossLayer extends DistanceLossLayer {
  static readonly type = "EuclideanLoss";

  override topShapes([a, b]: readonly [Shape, Shape]): readonly Shape[] {
    this.check(
      countOf(a, 1) === countOf(b, 1),
      "MOKA_SHAPE",
      `both bottoms must have as many values behind the first axis; they are ${formatShape(a)} and ${formatShape(b)}`,
    );
    return super.topShapes([a, b]);
  }
}
