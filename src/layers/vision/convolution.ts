import { CorrelationLayer } from "./correlation.js";

/**
 * Convolution (cross-correlation, as in all of Caffe): y = w ∗ x + b.
 *
 * Bottoms x (N, C, …spatial), one or more of the same shape; for each a top y (N, num_output, …), each size
 * (in + 2·pad − dilation·(kernel − 1) − 1)/stride + 1, rounded down. Any number of spatial axes, none included.
 * With `group` g the channels are split into g groups, each convolved by itself.
 * Gradients: for x the transposed convolution of dy, for w the correlation of x with dy, db = Σ dy.
 *
 * Parameters: 0 w (num_output, C/group, …kernel); 1 b (num_output), unless `bias_term` is false.
 * `convolution_param`: `num_output`; `kernel_size`; `stride` (1); `pad` (0); `dilation` (1), each once or
 * once an axis, or as `kernel_h`, `kernel_w` and so on; `group` (1); `bias_term` (true); `weight_filler`,
 * `bias_filler` (constant 0); `axis` (1), that of the channels. `engine` and `force_nd_im2col` are read and
 * ignored: the result is the same.
 */
export class ConvolutionLayer extends CorrelationLayer {
  static readonly type = "Convolution";
}
