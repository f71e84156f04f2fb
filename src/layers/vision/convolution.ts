import type { LayerUse } from "../../core/layer-facts.js";
import { countOf } from "../../util/shape.js";
import { BaseConvolutionLayer } from "./base-convolution.js";

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
export class ConvolutionLayer extends BaseConvolutionLayer {
  static readonly type = "Convolution";
  static override readonly coordinates = "window";
  protected override readonly isTransposed = false;

  /** col_buffer_, for one image; kernels of 1×1 need none. */
  override caffeBuffers({ bottom: [x = []], top: [y = []] }: LayerUse): number {
    const [axis, kernel] = [x.length - (y.length - 2), countOf(this.params[0]?.shape ?? [], 2)];
    return kernel === 1 ? 0 : kernel * (x[axis - 1] ?? 1) * countOf(y, axis);
  }
}
