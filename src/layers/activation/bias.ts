import { create } from "@bufbuild/protobuf";
import type { OneOrMore, ParamDeclaration } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { BiasParameterSchema, FillerParameterSchema } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";
import { collapseAround, operandShape } from "./broadcast.js";
import { NeuronLayer } from "./neuron.js";

/**
 * Adds a bias along some axes: y = x + b, with b repeated over the axes that it lacks.
 *
 * Bottoms: x, and optionally b; with one bottom b is learned. The shape of b is that of x from `axis` on, over
 * `num_axes` axes. Top y has the shape of x; works in place.
 * Gradients: dx = dy; db = Σ dy over the other axes.
 *
 * Parameters: 0 b, unless b is a bottom.
 * `bias_param`: `axis` (1), `num_axes` (1; −1: all axes from `axis` on; 0: b is a scalar), `filler` (constant 0).
 */
export class BiasLayer extends NeuronLayer {
  static readonly type = "Bias";
  override readonly bottomCount = [1, 2] as const;
  override readonly isAffine = true;
  readonly #param = this.message.biasParam ?? create(BiasParameterSchema);
  /** The axis of x from which the bias spans, perhaps counted from the end. */
  readonly axis = this.#param.axis;
  override readonly paramCount = this.message.bottom.length === 1 ? 1 : 0;

  override topShapes([x, b]: OneOrMore<Shape>): readonly Shape[] {
    if (b) collapseAround(x, b, this.#param.axis, "bias_param");
    return [x];
  }

  override declareParams([x, b]: OneOrMore<Shape>): readonly ParamDeclaration[] {
    const { axis, numAxes, filler = create(FillerParameterSchema) } = this.#param;
    return b ? [] : [{ shape: operandShape(x, axis, numAxes, "bias_param"), filler }];
  }

  override forward(k: Recorder, [x, second]: OneOrMore<Tensor>, [y]: [Tensor]): void {
    const b = second ?? (this.params[0] as Tensor);
    k.bias({ x: x.data, bias: b.data, y: y.data, ...collapseAround(x.shape, b.shape, this.#param.axis, "bias_param") });
  }

  override backward(
    k: Recorder,
    [y]: [Tensor],
    [wantsX, wantsB]: OneOrMore<boolean>,
    [x, second]: OneOrMore<Tensor>,
    [learns]: readonly boolean[],
  ): void {
    const b = second ?? (this.params[0] as Tensor);
    if (second ? wantsB : learns) {
      const collapsed = collapseAround(x.shape, b.shape, this.#param.axis, "bias_param");
      k.biasBackward({ dy: y.diff, dbias: b.diff, accumulate: !second, ...collapsed });
    }
    if (wantsX && x !== y) k.copy({ x: y.diff, y: x.diff });
  }
}
