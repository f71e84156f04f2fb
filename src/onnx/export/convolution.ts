import { ConvolutionLayer } from "../../layers/vision/convolution.js";
import { ConvolutionDepthwiseLayer } from "../../layers/vision/convolution-depthwise.js";
import { DepthwiseConvolutionLayer } from "../../layers/vision/depthwise-convolution.js";
import { convolutionAttributes, convolutionAxes, convolutionParams } from "./convolution-axes.js";
import { mapping } from "./mapping.js";
import { padBehind } from "./windows.js";

/**
 * Convolution, DepthwiseConvolution, ConvolutionDepthwise → one `Conv` for each bottom, between `Reshape`s where the channels are not axis 1
 * or there is no spatial axis. Exact, with padding of each side, dilation and groups; the sums are in another order.
 */
export const convolution = mapping([ConvolutionLayer, ConvolutionDepthwiseLayer, DepthwiseConvolutionLayer], (w) => {
  const calls = w.calls("conv");
  const params = convolutionParams(w, calls[0]?.kernel.length ?? 0);
  for (const [i, geometry] of calls.entries()) {
    const { kernel, stride, pad, dilation, input, output } = geometry;
    const { x, set } = convolutionAxes(w, i, kernel.length);
    const behind = (axis: number) =>
      padBehind({
        size: input[axis] ?? 1,
        reach: (dilation[axis] ?? 1) * ((kernel[axis] ?? 1) - 1) + 1,
        stride: stride[axis] ?? 1,
        before: pad[axis] ?? 0,
        count: output[axis] ?? 1,
      });
    set(w.node("Conv", [x, ...params], convolutionAttributes(geometry, behind)));
  }
});
