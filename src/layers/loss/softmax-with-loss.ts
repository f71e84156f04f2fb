import type { Collapsed } from "../../core/kernels.js";
import type { OneOrMore } from "../../core/layer.js";
import type { LayerUse } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { countOf, type Shape } from "../../util/shape.js";
import { checkLabels, collapseClasses, labelOptions } from "./labels.js";
import { LossLayer } from "./loss.js";

/**
 * Multinomial logistic loss of the softmax of its scores: −Σ log p(label)/normalizer.
 *
 * Bottoms: scores, with classes on `softmax_param.axis`; labels, one for each prediction, classes as whole
 * numbers from 0. Tops: the loss, a scalar; with two, the softmax too (then `loss_weight` must be given twice).
 * Gradient for the scores: (p − [label])·dloss/normalizer, 0 for ignored labels; labels have none.
 * The logarithm is of at least 2^−126, the smallest normal float, so that no prediction costs more than 87.3365.
 *
 * `loss_param`: `ignore_label` (none), `normalization` (VALID: labels not ignored; FULL: all of them;
 * BATCH_SIZE: the axes before the classes; NONE: 1), never less than 1; `normalize` (its old form: true VALID,
 * false BATCH_SIZE). `softmax_param`: `axis` (1). Labels out of range are an error here.
 */
export class SoftmaxWithLossLayer extends LossLayer {
  static readonly type = "SoftmaxWithLoss";
  static override readonly paramField = "loss_param";
  override readonly topCount = [1, 2] as const;
  #prob: Span | undefined;

  override topShapes([scores, labels]: readonly [Shape, Shape]): readonly Shape[] {
    const [loss = []] = super.topShapes([scores, labels]);
    this.#collapse(scores, labels);
    return [loss, scores];
  }

  override highestLoss([scores = [], labels = []]: readonly Shape[]): number {
    const { outer, inner } = this.#collapse(scores, labels);
    const { normalization } = labelOptions(this.message.lossParam);
    const predictions = { full: 1, valid: 1, batchSize: inner, none: outer * inner }[normalization];
    return -Math.log(2 ** -126) * predictions;
  }

  /** prob_, the softmax. */
  override caffeBuffers({ bottom: [scores = []] }: LayerUse): number {
    return countOf(scores);
  }

  override forward(k: Recorder, [scores, labels]: [Tensor, Tensor], [loss, probTop]: OneOrMore<Tensor>): void {
    const collapsed = this.#collapse(scores.shape, labels.shape);
    const options = labelOptions(this.message.lossParam);
    const prob = probTop?.data ?? k.span("prob", scores.count);
    this.#prob = prob;
    k.softmax({ x: scores.data, y: prob, ...collapsed });
    checkLabels(k, this, labels, collapsed.dim, options.ignore);
    k.softmaxLoss({ prob, label: labels.data, loss: loss.data, ...collapsed, ...options });
  }

  override backward(k: Recorder, [loss]: [Tensor], [wanted]: [boolean], [scores, labels]: [Tensor, Tensor]): void {
    if (!wanted || !this.#prob) return;
    const collapsed = this.#collapse(scores.shape, labels.shape);
    const [prob, label, dloss, dx] = [this.#prob, labels.data, loss.diff, scores.diff];
    k.softmaxLossBackward({ prob, label, dloss, dx, ...collapsed, ...labelOptions(this.message.lossParam) });
  }

  #collapse(scores: Shape, labels: Shape): Collapsed {
    return collapseClasses(this, scores, labels, this.message.softmaxParam?.axis ?? 1, "softmax_param.axis");
  }
}
