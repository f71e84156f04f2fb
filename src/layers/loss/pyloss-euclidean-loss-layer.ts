import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { DistanceLossLayer } from "./distance-loss.js";

/**
 * EuclideanLoss as a `Python` layer of Caffe's own examples, with `python_param { module: "pyloss" layer: "EuclideanLossLayer" }`:
 * Σ (a − b)²/(2·N).
 *
 * Bottoms a and b with the same number of values, N the first axis of a; top the loss (1), which must be named. Gradients: (a − b)·dloss/N for a, its
 * negative for b, over the first axis of b. Caffe's leaves dloss out, so it is right for a weight of 1 alone.
 *
 * Unlike other losses it needs an explicit `loss_weight`, as every Python layer. `param_str` is not read.
 *
 * Source: Caffe's pyloss.py of its examples.
 */
export class PylossEuclideanLossLayer extends DistanceLossLayer {
  static readonly type = "pyloss.EuclideanLossLayer";
  override readonly isLossByDefault = false;
  static override readonly paramField = "python_param";
  override readonly autoTops = false;

  /** A Python layer has no weight of its own. */
  override setup(): void {}

  override topShapes([a, b]: readonly [Shape, Shape]): readonly Shape[] {
    this.check(
      countOf(a) === countOf(b),
      "MOKA_SHAPE",
      `both bottoms must have as many values; they are ${formatShape(a)} and ${formatShape(b)}`,
    );
    return [[1]];
  }
}
