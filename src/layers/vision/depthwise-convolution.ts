import { CorrelationLayer } from "./correlation.js";

/**
 * Convolution by another name: in the fork a faster kernel for one channel a group, with the same results.
 *
 * Bottoms, tops, gradients, parameters and `convolution_param` are those of Convolution. `group` is taken as given (1): it is not forced
 * to the number of channels.
 *
 * Source: yonghenglh6's DepthwiseConvolution.
 */
export class DepthwiseConvolutionLayer extends CorrelationLayer {
  static readonly type = "DepthwiseConvolution";

  override convolutionGroup(): number | undefined {
    return this.message.convolutionParam?.group ?? 1;
  }
}
