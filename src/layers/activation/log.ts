import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { LogParameterSchema } from "../../proto/gen/caffe_pb.js";
import { logOfBase } from "./base.js";
import { NeuronLayer } from "./neuron.js";

/**
 * Logarithm: y = log(shift + scale·x) to a base; −infinity for 0, NaN below 0.
 *
 * Bottom x of any shape, top y of the same; works in place.
 * Gradient: dx = dy·scale/((shift + scale·x)·log(base)). In place Moka keeps a copy of x for it; Caffe uses y
 * instead, and overwrites dy before it multiplies by it, which is wrong.
 *
 * `log_param`: `base` (−1, which means e; else greater than 0, and not 1), `scale` (1), `shift` (0).
 */
export class LogLayer extends NeuronLayer {
  static readonly type = "Log";
  readonly #param = this.message.logParam ?? create(LogParameterSchema);
  #logBase = 1;
  override readonly rereads = { bottom: "values", inPlace: "lost" } as const;

  override setup(): void {
    this.#logBase = logOfBase(this, this.#param.base, "log_param.base");
    this.check(this.#logBase !== 0, "MOKA_FIELD", "log_param.base must not be 1: there is no logarithm to it");
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const { scale, shift } = this.#param;
    this.copyBottom(k, x, y);
    k.log({ x: x.data, y: y.data, scale, shift });
    if (this.#logBase !== 1) k.axpby({ x: y.data, y: y.data, a: 1 / this.#logBase, b: 0 });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted) return;
    const { scale, shift } = this.#param;
    k.logBackward({ x: this.bottomOf(x), dy: y.diff, dx: x.diff, scale, shift });
    if (this.#logBase !== 1) k.axpby({ x: x.diff, y: x.diff, a: 1 / this.#logBase, b: 0 });
  }
}
