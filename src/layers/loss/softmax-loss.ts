import { refuseForkFields } from "../../core/fork-fields.js";
import type { Collapsed } from "../../core/kernels.js";
import type { OneOrMore } from "../../core/layer.js";
import type { LayerUse } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { countOf, type Shape } from "../../util/shape.js";
import { checkLabels, collapseClasses, labelOptions } from "./labels.js";
import { LossLayer } from "./loss.js";

/** The loss of a softmax, with the softmax as second top: see `SoftmaxWithLossLayer`. */
export abstract class SoftmaxLossLayer extends LossLayer {
  static override readonly paramField = "loss_param";
  static override readonly forkFields = ["pre_fixed_normalizer", "weight_by_label_freqs", "class_weighting"].map(
    (name) => `loss_param.${name}`,
  );
  override readonly topCount: readonly [number, number] = [1, 2];
  #prob: Span | undefined;
  #classWeights: Span | undefined;

  override setup(bottom: readonly Shape[]): void {
    refuseForkFields(this, "loss_param");
    refuseForkFields(this, "softmax_param");
    super.setup(bottom);
  }

  override topShapes([scores, labels]: readonly [Shape, Shape]): readonly Shape[] {
    const [loss = []] = super.topShapes([scores, labels]);
    const { dim } = this.#collapse(scores, labels);
    const weights = this.#weights;
    this.check(
      !weights || weights.length === dim,
      "MOKA_FIELD",
      `loss_param.class_weighting needs one value for each of its ${dim} classes, not ${weights?.length}`,
    );
    return [loss, scores];
  }

  override highestLoss([scores = [], labels = []]: readonly Shape[]): number {
    const { outer, inner } = this.#collapse(scores, labels);
    const { normalization, fixed = 1 } = labelOptions(this.message.lossParam);
    const all = outer * inner;
    const predictions = { full: 1, valid: 1, batchSize: inner, none: all, fixed: all / Math.max(1, fixed) }[
      normalization
    ];
    return -Math.log(2 ** -126) * predictions * Math.max(0, ...(this.#weights ?? [1]));
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
    this.#classWeights = recordWeights(k, this.#weights);
    k.softmax({ x: scores.data, y: prob, ...collapsed });
    checkLabels(k, this, labels, collapsed.dim, options.ignore);
    k.softmaxLoss({ prob, label: labels.data, weights: this.#classWeights, loss: loss.data, ...collapsed, ...options });
  }

  override backward(k: Recorder, [loss]: [Tensor], [wanted]: [boolean], [scores, labels]: [Tensor, Tensor]): void {
    if (!wanted || !this.#prob) return;
    const collapsed = this.#collapse(scores.shape, labels.shape);
    const spans = {
      prob: this.#prob,
      label: labels.data,
      weights: this.#classWeights,
      dloss: loss.diff,
      dx: scores.diff,
    };
    k.softmaxLossBackward({ ...spans, ...collapsed, ...labelOptions(this.message.lossParam) });
  }

  /** The weight of each class; undefined if all are 1. */
  get #weights(): readonly number[] | undefined {
    const { weightByLabelFreqs = false, classWeighting = [] } = this.message.lossParam ?? {};
    return weightByLabelFreqs ? classWeighting : undefined;
  }

  #collapse(scores: Shape, labels: Shape): Collapsed {
    return collapseClasses(this, scores, labels, this.message.softmaxParam?.axis ?? 1, "softmax_param.axis");
  }
}

/** Records that a span gets the weights. */
function recordWeights(k: Recorder, weights: readonly number[] | undefined): Span | undefined {
  if (!weights) return undefined;
  const span = k.span("class weights", weights.length);
  k.host("class weights", () => span.array.set(weights), { writes: [span] });
  return span;
}
