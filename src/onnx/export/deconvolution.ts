import { DeconvolutionLayer } from "../../layers/vision/deconvolution.js";
import { convolutionAttributes, convolutionAxes, convolutionParams } from "./convolution-axes.js";
import { mapping } from "./mapping.js";

/**
 * Deconvolution → one `ConvTranspose` for each bottom, between `Reshape`s where the channels are not axis 1 or there is no spatial axis. The
 * weights have ONNX's order already; its size, without `output_padding`, is Caffe's. Exact, with padding of each side, dilation and
 * groups; the sums are in another order.
 */
export const deconvolution = mapping(DeconvolutionLayer, (w) => {
  // The geometry is that of the convolution from the top to the bottom.
  const calls = w.calls("convBackwardData", ["bias"]);
  const params = convolutionParams(w, calls[0]?.kernel.length ?? 0);
  for (const [i, geometry] of calls.entries()) {
    const { kernel, stride, pad, dilation, input, output } = geometry;
    const { x, set } = convolutionAxes(w, i, kernel.length);
    const behind = (axis: number) => {
      const reach = (dilation[axis] ?? 1) * ((kernel[axis] ?? 1) - 1) + 1;
      return (stride[axis] ?? 1) * ((output[axis] ?? 1) - 1) + reach - (input[axis] ?? 1) - (pad[axis] ?? 0);
    };
    set(w.node("ConvTranspose", [x, ...params], convolutionAttributes(geometry, behind)));
  }
});
