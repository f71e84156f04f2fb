import type { OneOrMore } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import type { Shape } from "../../util/shape.js";
import { collapseClasses, labelOptions } from "./labels.js";
import { SoftmaxLossLayer } from "./softmax-loss.js";

/**
 * SoftmaxWithLoss that also gives the loss of each prediction, to find hard examples by (R-FCN).
 *
 * Bottoms: scores, with classes on `softmax_param.axis`; labels, one for each prediction. Tops: the loss, as SoftmaxWithLoss's; with two, the
 * softmax too; with three, also the losses −log p(label), of the labels' shape, before the normalizer, 0 where the label is ignored.
 * With several tops `loss_weight` must be given as often.
 * Gradient for the scores: that of SoftmaxWithLoss; the diffs of the other tops are not used. Labels have none.
 *
 * `loss_param`: `ignore_label` (none), `normalization` (VALID; FULL, BATCH_SIZE, NONE, PRE_FIXED with `pre_fixed_normalizer` 1), `normalize`;
 * `softmax_param`: `axis` (1): all as SoftmaxWithLoss's.
 *
 * With three tops the fork leaves the second one unwritten; here it is the softmax.
 *
 * Source: R-FCN; Dai et al. 2016. Dialects: r-fcn, intel.
 */
export class SoftmaxWithLossOHEMLayer extends SoftmaxLossLayer {
  static readonly type = "SoftmaxWithLossOHEM";
  override readonly topCount: readonly [number, number] = [1, 3];

  override topShapes([scores, labels]: readonly [Shape, Shape]): readonly Shape[] {
    this.check(
      !this.message.lossParam?.weightByLabelFreqs,
      "MOKA_FIELD",
      "loss_param.weight_by_label_freqs is of SegNet's SoftmaxWithLoss; it is not known here",
    );
    return [...super.topShapes([scores, labels]), labels];
  }

  override forward(k: Recorder, bottom: [Tensor, Tensor], top: OneOrMore<Tensor>): void {
    super.forward(k, bottom, top);
    const [scores, labels] = bottom;
    const [, prob, each] = top;
    if (!prob || !each) return;
    const axis = this.message.softmaxParam?.axis ?? 1;
    const { outer, dim, inner } = collapseClasses(this, scores.shape, labels.shape, axis, "softmax_param.axis");
    const { ignore } = labelOptions(this.message.lossParam);
    const smallest = 2 ** -126;
    const run = () => {
      const [ps, classes, losses] = [prob.data.array, labels.data.array, each.data.array];
      for (let i = 0; i < outer * inner; i++) {
        const label = Math.trunc(classes[i] as number);
        const p = ps[(Math.floor(i / inner) * dim + label) * inner + (i % inner)] as number;
        losses[i] = label === ignore ? 0 : -Math.log(Math.max(p, smallest));
      }
    };
    k.host("loss of each prediction", run, { reads: [prob.data, labels.data], writes: [each.data] });
  }
}
