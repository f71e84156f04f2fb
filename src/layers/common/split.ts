import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import type { Shape } from "../../util/shape.js";

/**
 * Gives one blob to several readers. A net inserts it for each blob that is read more than once.
 *
 * Bottom x of any shape; tops, one or more, all the same blob. Gradient: dx = Σ dy over the tops.
 */
export class SplitLayer extends Layer {
  static readonly type = "Split";
  static override readonly fork = undefined;
  static override readonly coordinates = "same";
  override readonly bottomCount = 1;
  override readonly topCount = [1, Number.POSITIVE_INFINITY] as const;
  override readonly sharesBottom = true;
  override readonly passesOn = "first";
  override readonly commutesWithAffine = true;

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    return this.message.top.map(() => x);
  }

  override forward(_k: Recorder, [x]: [Tensor], top: readonly Tensor[]): void {
    for (const y of top) y.shareData(x);
  }

  override backward(k: Recorder, top: readonly Tensor[], [wanted]: [boolean], [x]: [Tensor]): void {
    if (wanted) k.sum({ xs: top.map((y) => y.diff), coefficients: top.map(() => 1), y: x.diff });
  }
}
