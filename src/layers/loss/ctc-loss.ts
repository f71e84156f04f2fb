import { CtcLossBase } from "./ctc-base.js";

/**
 * Connectionist temporal classification: the mean over N sequences of −ln P(labels), where P adds up all ways in which the frames can spell the
 * labels, with blanks between them and classes that last for several frames.
 *
 * Bottoms: scores (T, N, C), perhaps with axes of size 1, whose softmax are the probabilities; then one of: labels (N, L), or (L) if N is 1, of which
 * blanks and negative ones are not read; or indicators (T, N), 0 where a sequence begins, so that the first 0 after the first frame ends one, and labels (L, N),
 * which the first negative one ends; or the numbers of frames (N), the numbers of labels (N), and labels (L, N). Top: the loss, a scalar.
 * Gradient: p − the share of the class in this frame over all ways, 0 after the end of a sequence; times dloss/N with two bottoms, as in warp-ctc's
 * layers; not scaled at all with more, as in ChWick's, where training rates depend on it. Labels have none.
 *
 * `ctc_loss_param`: `blank_index` (0; below 0: the last class). Not used: `output_delay`, `preprocess_collapse_repeated`, `ctc_merge_repeated`,
 * `loss_calculation_t`; other values than their defaults are refused.
 *
 * A sequence whose labels do not fit into its frames has cost 0 and no gradient, as in warp-ctc, which leaves what was there.
 *
 * Source: Graves et al. 2006; Baidu's warp-ctc, ChWick's and SeanNaren's forks. Dialect: caffe-ocr.
 */
export class CTCLossLayer extends CtcLossBase {
  static readonly type = "CTCLoss";

  protected override readonly isMean = this.message.bottom.length === 2;

  protected override labelOffset(): number {
    return 0;
  }
}
