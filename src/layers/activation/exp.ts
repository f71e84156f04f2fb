import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { ExpParameterSchema } from "../../proto/gen/caffe_pb.js";
import { logOfBase } from "./base.js";
import { NeuronLayer } from "./neuron.js";

/**
 * Exponential function: y = base^(shift + scale·x).
 *
 * Bottom x of any shape, top y of the same; works in place. Gradient: dx = dy·y·scale·log(base).
 *
 * `exp_param`: `base` (−1, which means e; else greater than 0), `scale` (1), `shift` (0).
 */
export class ExpLayer extends NeuronLayer {
  static readonly type = "Exp";
  readonly #param = this.message.expParam ?? create(ExpParameterSchema);
  #logBase = 1;
  override readonly rereads = { top: "values" } as const;

  override setup(): void {
    this.#logBase = logOfBase(this, this.#param.base, "exp_param.base");
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const { scale, shift } = this.#param;
    k.exp({ x: x.data, y: y.data, scale: this.#logBase * scale, shift: this.#logBase * shift });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted) return;
    const multiplier = this.#logBase * this.#param.scale;
    k.mul({ a: y.data, b: y.diff, y: x.diff });
    if (multiplier !== 1) k.axpby({ x: x.diff, y: x.diff, a: multiplier, b: 0 });
  }
}
