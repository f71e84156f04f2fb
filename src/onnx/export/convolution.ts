import { ConvolutionLayer } from "../../layers/vision/convolution.js";
import { ConvolutionDepthwiseLayer } from "../../layers/vision/convolution-depthwise.js";
import { DepthwiseConvolutionLayer } from "../../layers/vision/depthwise-convolution.js";
import { mapping } from "./mapping.js";

/**
 * Convolution, DepthwiseConvolution, ConvolutionDepthwise → one `Conv` for each bottom. Exact, with padding of each side, dilation and
 * groups; the sums are in another order.
 */
export const convolution = mapping([ConvolutionLayer, ConvolutionDepthwiseLayer, DepthwiseConvolutionLayer], (w) => {
  const params = w.layer.params.map((_, i) => w.param(i));
  for (const [i, { group, kernel, stride, pad, dilation, input, output }] of w.calls("conv").entries()) {
    const reach = kernel.map((size, axis) => (dilation[axis] ?? 1) * (size - 1) + 1);
    const sizeWith = (after: number, axis: number) =>
      Math.floor(((input[axis] ?? 0) + (pad[axis] ?? 0) + after - (reach[axis] ?? 1)) / (stride[axis] ?? 1)) + 1;
    // Padding of each side differs where the same padding on both would give another size.
    const behind = pad.map((before, axis) => {
      const size = output[axis] ?? 0;
      if (sizeWith(before, axis) === size) return before;
      return (size - 1) * (stride[axis] ?? 1) + (reach[axis] ?? 1) - (input[axis] ?? 0) - before;
    });
    w.set(
      i,
      w.node("Conv", [w.input(i).value, ...params], {
        kernel_shape: kernel,
        strides: stride,
        pads: [...pad, ...behind],
        dilations: dilation,
        group,
      }),
    );
  }
});
