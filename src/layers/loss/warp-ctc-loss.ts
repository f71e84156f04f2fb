import { CtcLossBase } from "./ctc-base.js";

/**
 * `CTCLoss`, as the layer that calls warp-ctc computes it: its gradient is (p − the share of the class), neither divided by the number of
 * sequences nor times the loss weight; training rates depend on it. Where labels come with indicators and `blank_index` is 0, 1 is added to them.
 * All else is as in CTCLoss.
 *
 * Bottoms and top as of CTCLoss.
 *
 * `ctc_loss_param`: as of CTCLoss.
 *
 * Source: Baidu's warp-ctc in senlinuc's caffe_ocr. Dialect: caffe-ocr.
 */
export class WarpCTCLossLayer extends CtcLossBase {
  static readonly type = "WarpCTCLoss";

  protected override readonly isMean = false;

  protected override labelOffset(blank: number): number {
    return blank === 0 ? 1 : 0;
  }
}
