import { create } from "@bufbuild/protobuf";
import type { OneOrMore, ParamDeclaration } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { EmbedParameterSchema, FillerParameterSchema } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";
import { checkIndices } from "./indices.js";
import { UnaryLayer } from "./unary.js";

/**
 * A learned vector for each index: y = w[x] + b, the same as InnerProduct of one-hot vectors.
 *
 * Bottom x of any shape, indices from 0 to input_dim − 1 with fractions cut off; top y (…x, num_output).
 * Gradients: dw[x] = Σ dy over the places of each index, db = Σ dy; x has none.
 *
 * Parameters: 0 w (input_dim, num_output); 1 b (num_output), unless `bias_term` is false.
 * `embed_param`: `num_output`, `input_dim`, `bias_term` (true), `weight_filler`, `bias_filler` (constant 0).
 * Indices out of range are an error here; Caffe reads beyond its weights unless it is a debug build. With
 * `force_backward` x gets no gradient; Caffe aborts there.
 */
export class EmbedLayer extends UnaryLayer {
  static readonly type = "Embed";
  static override readonly group = "common";
  override readonly withoutGradient = { 0: "its indices" };
  readonly #param = this.message.embedParam ?? create(EmbedParameterSchema);
  override readonly weightFiller = { field: "embed_param", filler: this.#param.weightFiller };
  override readonly paramCount = this.#param.biasTerm ? 2 : 1;

  override setup(): void {
    const { numOutput, inputDim } = this.#param;
    this.check(numOutput > 0, "MOKA_FIELD", "embed_param.num_output must be given, and greater than 0");
    this.check(inputDim > 0, "MOKA_FIELD", "embed_param.input_dim must be given, and greater than 0");
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    return [[...x, this.#param.numOutput]];
  }

  override declareParams(): readonly ParamDeclaration[] {
    const { numOutput, inputDim, biasTerm, weightFiller, biasFiller } = this.#param;
    const zero = create(FillerParameterSchema);
    return [
      { shape: [inputDim, numOutput], filler: weightFiller ?? zero },
      ...(biasTerm ? [{ shape: [numOutput], filler: biasFiller ?? zero }] : []),
    ];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const [w, b] = this.params as [Tensor, Tensor?];
    const { numOutput: width, inputDim: rows } = this.#param;
    checkIndices(k, this, x, rows, "rows of embed_param.input_dim");
    k.gatherRows({ x: w.data, index: x.data, y: y.data, rows, width });
    if (b) k.bias({ x: y.data, bias: b.data, y: y.data, outer: x.count, dim: width, inner: 1 });
  }

  override backward(
    k: Recorder,
    [y]: [Tensor],
    _wanted: [boolean],
    [x]: [Tensor],
    [learnsW, learnsB]: OneOrMore<boolean>,
  ): void {
    const [w, b] = this.params as [Tensor, Tensor?];
    const { numOutput: width, inputDim: rows } = this.#param;
    if (learnsW) k.scatterRows({ dy: y.diff, index: x.data, dx: w.diff, rows, width });
    if (b && learnsB) {
      k.biasBackward({ dy: y.diff, dbias: b.diff, accumulate: true, outer: x.count, dim: width, inner: 1 });
    }
  }
}
