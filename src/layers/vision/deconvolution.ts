import type { Kernels } from "../../core/kernels.js";
import type { LayerUse } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import { countOf } from "../../util/shape.js";
import { BaseConvolutionLayer } from "./base-convolution.js";

/**
 * Deconvolution, the transpose of a convolution: each value of x adds its multiple of the kernel to y, `stride` apart,
 * and then the bias is added. Convolution does this to gradients. It makes images larger; with
 * `weight_filler { type: "bilinear" }`, one group for each channel and `lr_mult: 0` it interpolates.
 *
 * Bottoms x (N, C, …spatial), one or more of the same shape; for each a top y (N, num_output, …), each size
 * stride·(in − 1) + dilation·(kernel − 1) + 1 − 2·pad. Any number of spatial axes, none included.
 * With `group` g the channels are split into g groups, each convolved by itself.
 * Gradients: for x the convolution of dy with w, for w the correlation of dy with x, db = Σ dy.
 *
 * Parameters: 0 w (C, num_output/group, …kernel): the bottom's channels come first, unlike Convolution's;
 * 1 b (num_output), unless `bias_term` is false.
 * `convolution_param`, as for Convolution: `num_output`; `kernel_size`; `stride` (1); `pad` (0); `dilation` (1), each
 * once or once an axis, or as `kernel_h`, `kernel_w` and so on; `group` (1); `bias_term` (true); `weight_filler`,
 * `bias_filler` (constant 0); `axis` (1), that of the channels. `engine` and `force_nd_im2col` are read and ignored:
 * the result is the same.
 *
 * Source: Zeiler et al. 2010; for segmentation Long et al. 2015.
 */
export class DeconvolutionLayer extends BaseConvolutionLayer {
  static readonly type = "Deconvolution";
  static override readonly coordinates = "spread";
  protected override readonly isTransposed = true;

  /** col_buffer_, for one image. */
  override caffeBuffers({ bottom: [x = []], top: [y = []] }: LayerUse): number {
    return countOf(this.params[0]?.shape ?? [], 2) * (y[1] ?? 1) * countOf(x, 2);
  }

  protected override recordForward(k: Recorder, { x, w, bias, y, ...geometry }: Kernels["conv"]): void {
    k.convBackwardData({ dy: x, w, dx: y, ...geometry });
    const { n: outer, channels: dim, input } = geometry;
    if (bias) k.bias({ x: y, bias, y, outer, dim, inner: countOf(input) });
  }

  protected override recordData(k: Recorder, { dy, w, dx, ...geometry }: Kernels["convBackwardData"]): void {
    k.conv({ x: dy, w, bias: undefined, y: dx, ...geometry });
  }

  protected override recordWeights(k: Recorder, { x, dy, dw, ...geometry }: Kernels["convBackwardWeights"]): void {
    k.convBackwardWeights({ x: dy, dy: x, dw, ...geometry });
  }
}
