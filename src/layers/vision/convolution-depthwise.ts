import { create, isFieldSet } from "@bufbuild/protobuf";
import { ConvolutionParameterSchema } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";
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

  readonly #param = this.message.convolutionParam ?? create(ConvolutionParameterSchema);

  override convolutionGroup(bottom: Shape | undefined): number | undefined {
    const channels = bottom?.at(this.#param.axis);
    return channels === undefined && !this.#isGiven ? undefined : this.groupOf(channels ?? 0);
  }

  protected override groupOf(channels: number): number {
    return this.#isGiven ? this.#param.group : channels;
  }

  get #isGiven(): boolean {
    return isFieldSet(this.#param, ConvolutionParameterSchema.field.group);
  }
}
