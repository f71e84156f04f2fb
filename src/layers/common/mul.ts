import { create } from "@bufbuild/protobuf";
import type { OneOrMore, ParamDeclaration } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { FillerParameterSchema } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";
import { around, collapsed, expanded, PairwiseLayer } from "./pairwise.js";

/**
 * Multiplies two blobs value by value: y = a·b.
 *
 * Bottoms a and b; with one bottom, b is a parameter. On each axis, counted from the last, their sizes must be equal, or one of them 1: that one
 * is repeated; so are axes that one of them lacks in front. Top y has the larger sizes. Cannot work in place.
 * Gradients: da = b·dy and db = a·dy, summed over what was repeated. The fork has none.
 *
 * Parameters: b of shape `mul_shape`, 0 before weights are loaded, if there is one bottom.
 * `mul_param`: `mul_shape` (none: one value).
 *
 * Source: synopsys-caffe, after TensorFlow. Dialect: synopsys.
 */
export class MulLayer extends PairwiseLayer {
  static readonly type = "Mul";
  override readonly bottomCount = [1, 2] as const;
  override readonly isAffine = true;
  override readonly rereads = { bottom: "values" } as const;
  override readonly paramCount = this.message.bottom.length === 1 ? 1 : 0;
  readonly #paramShape: Shape = this.message.mulParam?.mulShape ?? [];

  override topShapes([a, b]: OneOrMore<Shape>): readonly Shape[] {
    return [this.pairShape(a, b ?? this.#paramShape)];
  }

  override declareParams([, b]: OneOrMore<Shape>): readonly ParamDeclaration[] {
    return b ? [] : [{ shape: this.#paramShape, filler: create(FillerParameterSchema) }];
  }

  override forward(k: Recorder, bottom: OneOrMore<Tensor>, [y]: [Tensor]): void {
    const [large, small] = this.#ordered(bottom, y);
    const size = large.shape.length === y.shape.length && around(small.shape, y.shape);
    if (size && large.count === y.count) {
      k.scale({ x: large.data, scale: small.data, bias: undefined, y: y.data, ...size });
      return;
    }
    const [a, b] = [large, small].map(({ data, shape }) => expanded(k, data, shape, y.shape));
    if (a && b) k.mul({ a, b, y: y.data });
  }

  override backward(
    k: Recorder,
    [y]: [Tensor],
    [wantsFirst, wantsBottom]: OneOrMore<boolean>,
    bottom: OneOrMore<Tensor>,
    learns: readonly boolean[],
  ): void {
    const [first, second] = [bottom[0], this.second(bottom)];
    if (wantsFirst) this.#gradient(k, y, first, second, false);
    if (bottom[1] ? wantsBottom : learns[0]) this.#gradient(k, y, second, first, !bottom[1]);
  }

  /** The operand of y's size, if there is one, and the other. */
  #ordered(bottom: OneOrMore<Tensor>, y: Tensor): readonly [Tensor, Tensor] {
    const [first, second] = [bottom[0], this.second(bottom)];
    return first.count === y.count ? [first, second] : [second, first];
  }

  /** The gradient of an operand is dy times the other. */
  #gradient(k: Recorder, y: Tensor, of: Tensor, other: Tensor, adds: boolean): void {
    const ofSize = other.count === y.count && around(of.shape, y.shape);
    const otherSize = of.count === y.count && around(other.shape, y.shape);
    if (ofSize) k.scaleBackward({ x: other.data, dy: y.diff, dscale: of.diff, accumulate: adds, ...ofSize });
    else if (otherSize && !adds) {
      k.scale({ x: y.diff, scale: other.data, bias: undefined, y: of.diff, ...otherSize });
    } else {
      const product = k.span("product", y.count);
      k.mul({ a: y.diff, b: expanded(k, other.data, other.shape, y.shape), y: product });
      const sum = adds ? k.span("sum", of.count) : of.diff;
      collapsed(k, product, y.shape, sum, of.shape);
      if (adds) k.axpby({ x: sum, y: of.diff, a: 1, b: 1 });
    }
  }
}
