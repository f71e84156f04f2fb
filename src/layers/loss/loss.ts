import { Layer } from "../../core/layer.js";
import { formatShape, type Shape } from "../../util/shape.js";

/**
 * A loss: two bottoms, predictions and targets, with the same first axis; its first top is a scalar, which
 * is made even if the prototxt names none, and has weight 1 in the net's loss unless `loss_weight` says otherwise.
 */
export abstract class LossLayer extends Layer {
  static override readonly group = "loss";
  override readonly bottomCount: number | readonly [number, number] = 2;
  override readonly topCount: number | readonly [number, number] = 1;
  override readonly autoTops: boolean = true;
  override readonly isLossByDefault: boolean = true;
  override readonly withoutGradient: Readonly<Record<number, string>> = { 1: "its labels" };

  override setup(_bottom: readonly Shape[]): void {
    if (this.isLossByDefault && this.message.lossWeight.length === 0) this.message.lossWeight = [1];
  }

  override topShapes([x = [], target = []]: readonly Shape[]): readonly Shape[] {
    this.check(
      x[0] === target[0],
      "MOKA_SHAPE",
      `predictions and targets must have the same first axis; they are ${formatShape(x)} and ${formatShape(target)}`,
    );
    return [[]];
  }
}
