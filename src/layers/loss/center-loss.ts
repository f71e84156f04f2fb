import { create } from "@bufbuild/protobuf";
import type { ParamDeclaration } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { CenterLossParameterSchema, FillerParameterSchema } from "../../proto/gen/caffe_pb.js";
import { canonicalAxis, countOf, formatShape, type Shape } from "../../util/shape.js";
import { checkLabels } from "./labels.js";
import { LossLayer } from "./loss.js";

/**
 * Center loss, which draws the features of each class to a center that is learned with them: Σ ‖xₙ − c(yₙ)‖²/(2·N).
 *
 * Bottoms: features x (N, …), all axes after the first together K values; labels y, one for each of N, 0 … `num_output` − 1; fractions are
 * cut off. Top: the loss, a scalar. Parameter: the centers c (`num_output`, K).
 * Gradient of x: (xₙ − c(yₙ))·dloss/N; labels have none. To the gradient of the center of class j is added Σ (cⱼ − xₙ)/(1 + nⱼ) over the nⱼ
 * items of class j. It is the paper's update, not the derivative, and does not depend on the loss weight: `lr_mult` is its rate.
 *
 * Unlike other losses it needs an explicit `loss_weight`, as in the fork: without one it is computed, but not learned from.
 *
 * `center_loss_param`: `num_output`, `center_filler` (constant 0), `axis` (1, the only one possible), `distance_type` (`L2`, the only
 * one here).
 *
 * Source: ydwen's caffe-face; Wen et al. 2016. Dialects: caffe-face, happynear.
 */
export class CenterLossLayer extends LossLayer {
  static readonly type = "CenterLoss";
  override readonly isLossByDefault = false;
  static override readonly paramField = "center_loss_param";
  override readonly paramCount = 1;
  readonly #param = this.message.centerLossParam ?? create(CenterLossParameterSchema);
  /** x − c(y), of the last forward. */
  #distance: Span | undefined;

  /** The fork's setup leaves out the default loss weight. */
  override setup(): void {
    const { numOutput, distanceType } = this.#param;
    this.check(numOutput > 0, "MOKA_FIELD", "center_loss_param.num_output, the number of classes, must be 1 or more");
    this.check(
      distanceType === "L2",
      "MOKA_UNSUPPORTED",
      `center_loss_param.distance_type must be "L2", not "${distanceType}"`,
    );
  }

  override topShapes([x, labels]: readonly [Shape, Shape]): readonly Shape[] {
    this.check(x.length > 0, "MOKA_SHAPE", "needs features of one axis or more, not a scalar");
    if (x.length > 1) {
      this.check(
        canonicalAxis(x, this.#param.axis, "center_loss_param.axis") === 1,
        "MOKA_FIELD",
        `center_loss_param.axis must be 1, so that each item has one feature, not ${this.#param.axis}`,
      );
    }
    this.check(
      labels[0] === x[0] && countOf(labels) === x[0],
      "MOKA_SHAPE",
      `${x[0]} items need one label each; there are ${formatShape(labels)}`,
    );
    return [[]];
  }

  override declareParams([x]: readonly [Shape]): readonly ParamDeclaration[] {
    const filler = this.#param.centerFiller ?? create(FillerParameterSchema);
    return [{ shape: [this.#param.numOutput, countOf(x, 1)], filler }];
  }

  override forward(k: Recorder, [x, labels]: [Tensor, Tensor], [loss]: [Tensor]): void {
    const [centers] = this.params;
    if (!centers) return;
    const [rows, width] = centers.shape as [number, number];
    const items = x.shape[0] ?? 0;
    const nearest = k.span("nearest", x.count);
    const distance = k.span("distance", x.count);
    this.#distance = distance;
    checkLabels(k, this, labels, rows, undefined);
    k.gatherRows({ x: centers.data, index: labels.data, y: nearest, rows, width });
    k.sum({ xs: [x.data, nearest], coefficients: [1, -1], y: distance });
    const run = () => {
      let total = 0;
      for (const d of distance.array) total += d * d;
      loss.data.array[0] = total / Math.max(items, 1) / 2;
    };
    k.host("center loss", run, { reads: [distance], writes: [loss.data] });
  }

  override backward(
    k: Recorder,
    [loss]: [Tensor],
    [wanted]: readonly boolean[],
    [x, labels]: readonly [Tensor, Tensor],
    [learns]: readonly boolean[],
  ): void {
    const [distance, [centers]] = [this.#distance, this.params];
    if (!distance || !centers) return;
    const [rows, width] = centers.shape as [number, number];
    const items = x.shape[0] ?? 0;
    if (wanted) k.scaleBy({ x: distance, multiplier: loss.diff, y: x.diff, alpha: 1 / Math.max(items, 1) });
    if (!learns) return;
    const pull = k.span("pull", items);
    const moves = k.span("moves", x.count);
    const count = () => {
      const [label, rate] = [labels.data.array, pull.array];
      const counts = new Int32Array(rows);
      for (const y of label) counts[Math.trunc(y)] = (counts[Math.trunc(y)] ?? 0) + 1;
      for (let n = 0; n < items; n++) rate[n] = -1 / (1 + (counts[Math.trunc(label[n] ?? 0)] ?? 0));
    };
    k.host("items of each class", count, { reads: [labels.data], writes: [pull] });
    k.scale({ x: distance, scale: pull, bias: undefined, y: moves, outer: 1, dim: items, inner: width });
    k.scatterRows({ dy: moves, index: labels.data, dx: centers.diff, rows, width });
  }
}
