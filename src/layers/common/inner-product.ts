import { create } from "@bufbuild/protobuf";
import type { OneOrMore, ParamDeclaration } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { FillerParameterSchema, InnerProductParameterSchema } from "../../proto/gen/caffe_pb.js";
import { canonicalAxis, countOf, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "./unary.js";

/**
 * Fully connected: y = x·wᵀ + b, where all axes of x from `axis` on are one vector of K values.
 *
 * Bottom x (…M, …K); top y (…M, num_output).
 * Gradients: dx = dy·w, dw = dyᵀ·x, db = Σ dy.
 *
 * Parameters: 0 w (num_output, K), or (K, num_output) with `transpose`; 1 b (num_output), unless `bias_term`
 * is false.
 * `inner_product_param`: `num_output`, `bias_term` (true), `weight_filler`, `bias_filler` (constant 0),
 * `axis` (1), `transpose` (false).
 */
export class InnerProductLayer extends UnaryLayer {
  static readonly type = "InnerProduct";
  static override readonly group = "common";
  readonly #param = this.message.innerProductParam ?? create(InnerProductParameterSchema);
  override readonly rereads = { bottom: "values", onlyToLearn: true } as const;
  override readonly isLinear = true;
  override readonly weightFiller = { field: "inner_product_param", filler: this.#param.weightFiller };
  override readonly paramCount = this.#param.biasTerm ? 2 : 1;

  override setup(): void {
    const { numOutput } = this.#param;
    this.check(numOutput > 0, "MOKA_FIELD", "inner_product_param.num_output must be given, and greater than 0");
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    return [[...x.slice(0, this.#axis(x)), this.#param.numOutput]];
  }

  override declareParams([x]: readonly [Shape]): readonly ParamDeclaration[] {
    const { numOutput, biasTerm, transpose } = this.#param;
    const zero = create(FillerParameterSchema);
    const { k } = this.#sizes(x);
    return [
      { shape: transpose ? [k, numOutput] : [numOutput, k], filler: this.#param.weightFiller ?? zero },
      ...(biasTerm ? [{ shape: [numOutput], filler: this.#param.biasFiller ?? zero }] : []),
    ];
  }

  override multiplyAdds([x]: readonly [Shape]): number {
    const { m, n, k } = this.#sizes(x);
    return m * n * k;
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const [w, b] = this.params as [Tensor, Tensor?];
    const { transpose } = this.#param;
    const sizes = this.#sizes(x.shape);
    const product = { ...sizes, transA: false, transB: !transpose, alpha: 1, beta: 0 };
    k.gemm({ a: x.data, b: w.data, c: y.data, ...product });
    if (b) k.bias({ x: y.data, bias: b.data, y: y.data, outer: sizes.m, dim: sizes.n, inner: 1 });
  }

  override backward(
    k: Recorder,
    [y]: [Tensor],
    [wanted]: [boolean],
    [x]: [Tensor],
    [learnsW, learnsB]: OneOrMore<boolean>,
  ): void {
    const [w, b] = this.params as [Tensor, Tensor?];
    const { transpose } = this.#param;
    const { m, n, k: inputs } = this.#sizes(x.shape);
    if (learnsW) {
      const add = { k: m, transA: true, transB: false, alpha: 1, beta: 1 };
      if (transpose) k.gemm({ a: x.data, b: y.diff, c: w.diff, m: inputs, n, ...add });
      else k.gemm({ a: y.diff, b: x.data, c: w.diff, m: n, n: inputs, ...add });
    }
    if (b && learnsB) k.biasBackward({ dy: y.diff, dbias: b.diff, accumulate: true, outer: m, dim: n, inner: 1 });
    if (wanted) {
      const sizes = { m, n: inputs, k: n, transA: false, transB: transpose, alpha: 1, beta: 0 };
      k.gemm({ a: y.diff, b: w.data, c: x.diff, ...sizes });
    }
  }

  #axis(x: Shape): number {
    return canonicalAxis(x, this.#param.axis, "inner_product_param.axis");
  }

  /** The sizes m, n, k: m vectors of k values become m vectors of n values. */
  #sizes(x: Shape): { m: number; n: number; k: number } {
    const axis = this.#axis(x);
    return { m: countOf(x, 0, axis), n: this.#param.numOutput, k: countOf(x, axis) };
  }
}
