import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { HardSigmoidParameterSchema } from "../../proto/gen/caffe_pb.js";
import { NeuronLayer } from "./neuron.js";

/**
 * Hard sigmoid: y = min(max(alpha·x + beta, 0), 1).
 *
 * Bottom x of any shape, top y of the same; works in place.
 * Gradient: dx = alpha·dy where 0 < y < 1, else 0. The fork has none.
 *
 * `hard_sigmoid_param`: `alpha` (0.2), `beta` (0.5).
 *
 * Source: synopsys-caffe; Courbariaux et al. 2015. Dialect: synopsys.
 */
export class HardSigmoidLayer extends NeuronLayer {
  static readonly type = "HardSigmoid";
  readonly #param = this.message.hardSigmoidParam ?? create(HardSigmoidParameterSchema);
  override readonly activation = "saturating";
  override readonly rereads = { top: "values" } as const;

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const { alpha, beta } = this.#param;
    k.hardSigmoid({ x: x.data, y: y.data, alpha, beta });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (wanted) k.hardSigmoidBackward({ y: y.data, dy: y.diff, dx: x.diff, alpha: this.#param.alpha });
  }
}
