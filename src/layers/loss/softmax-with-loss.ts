import { SoftmaxLossLayer } from "./softmax-loss.js";

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
 *
 * Of forks: `normalization: PRE_FIXED` divides by `pre_fixed_normalizer` (1), at least by 1 (R-FCN, Intel). With
 * `weight_by_label_freqs` (false) each prediction's loss and gradient is multiplied by the `class_weighting` of its label, one for
 * each class; the divisor counts predictions as before (SegNet). Where all labels are ignored, the trees of SegNet and Faster R-CNN
 * divide by 0 and give NaN; here the divisor is 1. `label_smoothing` and the fields of `softmax_param` that change the loss are errors.
 */
export class SoftmaxWithLossLayer extends SoftmaxLossLayer {
  static readonly type = "SoftmaxWithLoss";
}
