import { create } from "@bufbuild/protobuf";
import { refuseForkFields } from "../../core/fork-fields.js";
import type { ConvGeometry, Kernels } from "../../core/kernels.js";
import { Layer, type OneOrMore, type ParamDeclaration } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { ConvolutionParameterSchema, FillerParameterSchema } from "../../proto/gen/caffe_pb.js";
import { canonicalAxis, countOf, formatShape, type Shape, sameShape } from "../../util/shape.js";
import { convolved, deconvolved, readWindow, sidePads, type Window } from "./conv-geometry.js";

/**
 * The common part of Convolution and Deconvolution: fields, shapes, parameters and bias. A deconvolution is a convolution
 * with bottom and top exchanged, so the geometry of the convolution describes both.
 */
export abstract class BaseConvolutionLayer extends Layer {
  static override readonly group = "vision";
  static override readonly paramField = "convolution_param";
  static override readonly forkFields: readonly string[] = sidePads;
  override readonly bottomCount = [1, Number.POSITIVE_INFINITY] as const;
  override readonly topCount = [1, Number.POSITIVE_INFINITY] as const;
  override readonly equalCounts = true;
  readonly #param = this.message.convolutionParam ?? create(ConvolutionParameterSchema);
  override readonly rereads = { bottom: "values", onlyToLearn: true } as const;
  override readonly isLinear = true;
  override readonly weightFiller = { field: "convolution_param", filler: this.#param.weightFiller };
  override readonly paramCount = this.#param.biasTerm ? 2 : 1;

  /** Whether the bottom has the shape of a convolution's output. */
  protected abstract readonly isTransposed: boolean;

  /** Records y from x, the bottom and the top; the geometry is that of the convolution. */
  protected recordForward(k: Recorder, args: Kernels["conv"]): void {
    k.conv(args);
  }

  /** Records dx from dy. */
  protected recordData(k: Recorder, args: Kernels["convBackwardData"]): void {
    k.convBackwardData(args);
  }

  /** Records the addition to dw, from x and dy. */
  protected recordWeights(k: Recorder, args: Kernels["convBackwardWeights"]): void {
    k.convBackwardWeights(args);
  }

  /** The number of groups of a bottom with so many channels. */
  protected groupOf(_channels: number): number {
    return this.#param.group;
  }

  override setup([x]: readonly [Shape]): void {
    const { numOutput } = this.#param;
    refuseForkFields(this, "convolution_param");
    const { channels } = this.#split(x);
    const group = this.groupOf(channels);
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
      const { sizes } = this.#split(x);
      const window = this.#window(x);
      const top = this.isTransposed ? deconvolved(sizes, window) : convolved(sizes, window);
      const { kernel, dilation, pad } = window;
      const dilated = dilation.some((size) => size > 1) ? ` with dilation ${dilation.join("×")}` : "";
      this.check(
        top.every((size) => size > 0),
        "MOKA_SHAPE",
        this.isTransposed
          ? `pad ${pad.join("×")} leaves nothing of what the kernel ${kernel.join("×")}${dilated} makes of the ` +
              `bottom ${formatShape(x)}`
          : `the kernel ${kernel.join("×")}${dilated} does not fit into the padded bottom ${formatShape(x)}`,
      );
      return [...x.slice(0, this.#axis(x)), this.#param.numOutput, ...top];
    });
  }

  override declareParams([x]: readonly [Shape]): readonly ParamDeclaration[] {
    const { numOutput, biasTerm } = this.#param;
    const { channels } = this.#split(x);
    const group = this.groupOf(channels);
    const zero = create(FillerParameterSchema);
    const [from, to] = this.isTransposed ? [numOutput, channels] : [channels, numOutput];
    return [
      { shape: [to, from / group, ...this.#window(x).kernel], filler: this.#param.weightFiller ?? zero },
      ...(biasTerm ? [{ shape: [numOutput], filler: this.#param.biasFiller ?? zero }] : []),
    ];
  }

  /** Each output value, or each input value of a transposed convolution, uses all weights of its channel. */
  override multiplyAdds(bottom: OneOrMore<Shape>): number {
    const [side = [], ...others] = this.isTransposed ? bottom : this.topShapes(bottom);
    return (1 + others.length) * countOf(side) * countOf(this.declareParams([bottom[0]])[0]?.shape ?? [], 1);
  }

  override forward(k: Recorder, bottom: readonly Tensor[], top: readonly Tensor[]): void {
    const [w, b] = this.params as [Tensor, Tensor?];
    bottom.forEach((x, i) => {
      const y = top[i] as Tensor;
      this.recordForward(k, { x: x.data, w: w.data, bias: b?.data, y: y.data, ...this.#geometry(x.shape, y.shape) });
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
      const geometry = this.#geometry(x.shape, y.shape);
      const { n: outer, channels: dim, sizes } = this.#split(y.shape);
      const collapsed = { outer, dim, inner: countOf(sizes) };
      if (b && learnsB) k.biasBackward({ dy: y.diff, dbias: b.diff, accumulate: true, ...collapsed });
      if (learnsW) this.recordWeights(k, { x: x.data, dy: y.diff, dw: w.diff, ...geometry });
      if (wanted[i]) this.recordData(k, { dy: y.diff, w: w.data, dx: x.diff, ...geometry });
    });
  }

  #axis(x: Shape): number {
    return canonicalAxis(x, this.#param.axis, "convolution_param.axis");
  }

  #split(x: Shape): { n: number; channels: number; sizes: Shape } {
    const axis = this.#axis(x);
    return { n: countOf(x, 0, axis), channels: x[axis] ?? 0, sizes: x.slice(axis + 1) };
  }

  #window(x: Shape): Window {
    return readWindow(this, this.#param, x.length - this.#axis(x) - 1);
  }

  #geometry(bottom: Shape, top: Shape): ConvGeometry {
    const [x, y] = this.isTransposed ? [top, bottom] : [bottom, top];
    const { n, channels, sizes: input } = this.#split(x);
    const { channels: outputs, sizes: output } = this.#split(y);
    const group = this.groupOf(this.isTransposed ? outputs : channels);
    const { kernel, stride, pad, dilation } = this.#window(bottom);
    return { n, channels, outputs, group, input, output, kernel, stride, pad, dilation };
  }
}
