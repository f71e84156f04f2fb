import { isFieldSet } from "@bufbuild/protobuf";
import { ConvolutionParameterSchema } from "../../proto/gen/caffe_pb.js";
import { CorrelationLayer } from "./correlation.js";

/**
 * Convolution of each channel by itself.
 *
 * Bottoms, tops, gradients, parameters and `convolution_param` are those of Convolution, but `group` is the number of the bottom's
 * channels where it is not given; so `num_output` must be a multiple of it, and w is (num_output, 1, …kernel).
 *
 * Source: the ConvolutionDepthwise of liuhao's and Pelee's trees.
 */
export class ConvolutionDepthwiseLayer extends CorrelationLayer {
  static readonly type = "ConvolutionDepthwise";

  protected override groupOf(channels: number): number {
    const param = this.message.convolutionParam;
    return param && isFieldSet(param, ConvolutionParameterSchema.field.group) ? param.group : channels;
  }
}
