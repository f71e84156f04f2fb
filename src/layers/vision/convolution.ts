import { create } from "@bufbuild/protobuf";
import type { ConvGeometry } from "../../core/kernels.js";
import { Layer, type OneOrMore, type ParamDeclaration } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { ConvolutionParameterSchema, FillerParameterSchema } from "../../proto/gen/caffe_pb.js";
import { canonicalAxis, countOf, formatShape, type Shape, sameShape } from "../../util/shape.js";
import { convolved, readWindow, type Window } from "./conv-geometry.js";

/**
 * Convolution (cross-correlation, as in all of Caffe): y = w ∗ x + b.
 *
 * Bottoms x (N, C, …spatial), one or more of the same shape; as many tops y (N, num_output, …), each size
 * (in + 2·pad − dilation·(kernel − 1) − 1)/stride + 1, rounded down. Any number of spatial axes.
 * With `group` g the channels fall into g groups that do not see each other.
 * Gradients: for x the transposed convolution of dy, for w the correlation of x with dy, db = Σ dy.
 *
 * Parameters: 0 w (num_output, C/group, …kernel); 1 b (num_output), unless `bias_term` is false.
 * `convolution_param`: `num_output`; `kernel_size`; `stride` (1); `pad` (0); `dilation` (1), each once or
 * once an axis, or as `kernel_h`, `kernel_w` and so on; `group` (1); `bias_term` (true); `weight_filler`,
 * `bias_filler` (constant 0); `axis` (1), that of the channels. `engine` and `force_nd_im2col` are read and
 * ignored: the result is the same.
 */
export class ConvolutionLayer extends Layer {
  static readonly type = "Convolution";
  override readonly bottomCount = [1, Number.POSITIVE_INFINITY] as const;
  override readonly topCount = [1, Number.POSITIVE_INFINITY] as const;
  override readonly equalCounts = true;
  readonly #param = this.message.convolutionParam ?? create(ConvolutionParameterSchema);

  override setup([x]: readonly [Shape]): void {
    const { numOutput, group } = this.#param;
    const { channels } = this.#split(x);
    this.check(numOutput > 0, "MOKA_FIELD", "convolution_param.num_output must be given, and greater than 0");
    this.check(
      group > 0 && channels % group === 0 && numOutput % group === 0,
      "MOKA_FIELD",
      `convolution_param.group ${group} must divide the bottom's ${channels} channels and num_output ${numOutput}`,
    );
  }

  override topShapes(bottom: OneOrMore<Shape>): readonly Shape[] {
    const [first] = bottom;
    return bottom.map((x) => {
      this.check(
        sameShape(x, first),
        "MOKA_SHAPE",
        `all bottoms must have one shape, but there are ${formatShape(first)} and ${formatShape(x)}`,
      );
      const { kernel, dilation, ...steps } = this.#window(x);
      const output = convolved(this.#split(x).input, { kernel, dilation, ...steps });
      const dilated = dilation.some((size) => size > 1) ? ` with dilation ${dilation.join("×")}` : "";
      this.check(
        output.every((size) => size > 0),
        "MOKA_SHAPE",
        `the kernel ${kernel.join("×")}${dilated} does not fit into the padded bottom ${formatShape(x)}`,
      );
      return [...x.slice(0, this.#axis(x)), this.#param.numOutput, ...output];
    });
  }

  override declareParams([x]: readonly [Shape]): readonly ParamDeclaration[] {
    const { numOutput, group, biasTerm } = this.#param;
    const zero = create(FillerParameterSchema);
    const w = { shape: [numOutput, this.#split(x).channels / group, ...this.#window(x).kernel] };
    return [
      { ...w, filler: this.#param.weightFiller ?? zero },
      ...(biasTerm ? [{ shape: [numOutput], filler: this.#param.biasFiller ?? zero }] : []),
    ];
  }

  override forward(k: Recorder, bottom: readonly Tensor[], top: readonly Tensor[]): void {
    const [w, b] = this.params as [Tensor, Tensor?];
    bottom.forEach((x, i) => {
      const y = top[i] as Tensor;
      k.conv({ x: x.data, w: w.data, bias: b?.data, y: y.data, ...this.#geometry(x, y) });
    });
  }

  override backward(
    k: Recorder,
    top: readonly Tensor[],
    wanted: readonly boolean[],
    bottom: readonly Tensor[],
    [learnsW, learnsB]: readonly boolean[],
  ): void {
    const [w, b] = this.params as [Tensor, Tensor?];
    bottom.forEach((x, i) => {
      const y = top[i] as Tensor;
      const geometry = this.#geometry(x, y);
      if (b && learnsB) {
        const fold = { outer: geometry.n, dim: geometry.outputs, inner: countOf(geometry.output) };
        k.biasBackward({ dy: y.diff, dbias: b.diff, accumulate: true, ...fold });
      }
      if (learnsW) k.convBackwardWeights({ x: x.data, dy: y.diff, dw: w.diff, ...geometry });
      if (wanted[i]) k.convBackwardData({ dy: y.diff, w: w.data, dx: x.diff, ...geometry });
    });
  }

  #axis(x: Shape): number {
    return canonicalAxis(x, this.#param.axis, "convolution_param.axis");
  }

  #split(x: Shape): { n: number; channels: number; input: Shape } {
    const axis = this.#axis(x);
    return { n: countOf(x, 0, axis), channels: x[axis] ?? 0, input: x.slice(axis + 1) };
  }

  #window(x: Shape): Window {
    return readWindow(this, this.#param, x.length - this.#axis(x) - 1);
  }

  #geometry(x: Tensor, y: Tensor): ConvGeometry {
    const { numOutput: outputs, group } = this.#param;
    return { ...this.#split(x.shape), outputs, group, output: this.#split(y.shape).input, ...this.#window(x.shape) };
  }
}
