import { create } from "@bufbuild/protobuf";
import type { Collapsed } from "../../core/kernels.js";
import type { OneOrMore, ParamDeclaration } from "../../core/layer.js";
import type { LayerUse } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { FillerParameterSchema, ScaleParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../../util/shape.js";
import { collapseAround, operandShape } from "./broadcast.js";
import { NeuronLayer } from "./neuron.js";

/**
 * Multiplies along some axes, and may add a bias: y = x·g + b, with g and b repeated over the axes that they
 * lack. Behind a BatchNorm it is the learned scale and shift.
 *
 * Bottoms: x, and optionally g; with one bottom g is learned. The shape of g and b is that of x from `axis` on, over
 * `num_axes` axes. Top y has the shape of x; works in place.
 * Gradients: dx = dy·g; dg = Σ x·dy and db = Σ dy over the other axes.
 *
 * Parameters: g, unless g is a bottom; then b, with `bias_term`.
 * `scale_param`: `axis` (1), `num_axes` (1; −1: all axes from `axis` on; 0: scalars), `filler` (constant 1),
 * `bias_term` (false), `bias_filler` (constant 0).
 */
export class ScaleLayer extends NeuronLayer {
  static readonly type = "Scale";
  override readonly bottomCount = [1, 2] as const;
  override readonly isAffine = true;
  readonly #param = this.message.scaleParam ?? create(ScaleParameterSchema);
  /** The axis of x from which the factors span, perhaps counted from the end. */
  readonly axis = this.#param.axis;
  override readonly rereads = { bottom: "values", inPlace: "copied" } as const;
  override readonly paramCount = (this.message.bottom.length === 1 ? 1 : 0) + (this.#param.biasTerm ? 1 : 0);

  override topShapes([x, g]: OneOrMore<Shape>): readonly Shape[] {
    if (g) collapseAround(x, g, this.#param.axis, "scale_param");
    return [x];
  }

  override declareParams([x, g]: OneOrMore<Shape>): readonly ParamDeclaration[] {
    const { axis, numAxes, biasTerm } = this.#param;
    const shape = g ?? operandShape(x, axis, numAxes, "scale_param");
    const one = create(FillerParameterSchema, { type: "constant", value: 1 });
    const scale = { shape, filler: this.#param.filler ?? one };
    const bias = { shape, filler: this.#param.biasFiller ?? create(FillerParameterSchema) };
    return [...(g ? [] : [scale]), ...(biasTerm ? [bias] : [])];
  }

  /** temp_, a copy of the bottom where the layer works in place. */
  override caffeBuffers({ bottom: [x = []], inPlace }: LayerUse): number {
    return inPlace ? countOf(x) : 0;
  }

  override forward(k: Recorder, [x, second]: OneOrMore<Tensor>, [y]: [Tensor]): void {
    const g = second ?? (this.params[0] as Tensor);
    this.copyBottom(k, x, y);
    k.scale({ x: x.data, scale: g.data, bias: this.#bias?.data, y: y.data, ...this.#collapse(x, g) });
  }

  override backward(
    k: Recorder,
    [y]: [Tensor],
    [wantsX, wantsG]: OneOrMore<boolean>,
    [x, second]: OneOrMore<Tensor>,
    learns: readonly boolean[],
  ): void {
    const g = second ?? (this.params[0] as Tensor);
    const collapsed = this.#collapse(x, g);
    if (this.#bias && learns.at(-1)) {
      k.biasBackward({ dy: y.diff, dbias: this.#bias.diff, accumulate: true, ...collapsed });
    }
    if (second ? wantsG : learns[0]) {
      k.scaleBackward({ x: this.bottomOf(x), dy: y.diff, dscale: g.diff, accumulate: !second, ...collapsed });
    }
    if (wantsX) k.scale({ x: y.diff, scale: g.data, bias: undefined, y: x.diff, ...collapsed });
  }

  get #bias(): Tensor | undefined {
    return this.#param.biasTerm ? this.params.at(-1) : undefined;
  }

  #collapse(x: Tensor, g: Tensor): Collapsed {
    return collapseAround(x.shape, g.shape, this.#param.axis, "scale_param");
  }
}
