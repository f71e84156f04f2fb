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
 * ignored: the result is the same. Of forks: Synopsys' `pad_l`, `pad_r`, `pad_t`, `pad_b` (0) instead of `pad`, the zeros at each side:
 * the size is (in + pad_t + pad_b − dilation·(kernel − 1) − 1)/stride + 1. `conv_algorithm`, `conv_algos_override` and other fields
 * that only choose an algorithm are ignored with a word in the log; fields that would change the result (`relu`, `coeff`,
 * `fusion_type`, `pad_type`, `dilation_h`, quantization …) are errors.
 */
export class ConvolutionLayer extends CorrelationLayer {
  static readonly type = "Convolution";
}
