import { create } from "@bufbuild/protobuf";
import type { Rereads } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { PowerParameterSchema } from "../../proto/gen/caffe_pb.js";
import { NeuronLayer } from "./neuron.js";

/**
 * Power: y = (shift + scale·x)^power. With power or scale 0 it is a constant, whatever x is.
 *
 * Bottom x of any shape, top y of the same; works in place.
 * Gradient: dx = dy·power·scale·(shift + scale·x)^(power − 1), 0 for a constant. In place Moka keeps a copy of x,
 * where the gradient needs x; Caffe uses y instead, and overwrites dy before it multiplies by it, for a power of 1 too, which
 * is wrong. At x = 0 Caffe divides 0 by 0; here the gradient is that of the formula.
 *
 * `power_param`: `power` (1), `scale` (1), `shift` (0).
 */
export class PowerLayer extends NeuronLayer {
  static readonly type = "Power";
  readonly #param = this.message.powerParam ?? create(PowerParameterSchema);
  override readonly commutesWithAffine = this.#param.power === 1;
  override readonly keepsSign = this.#param.power === 1 && this.#param.shift === 0 && this.#param.scale > 0;
  override readonly rereads = this.#rereads();

  #rereads(): Rereads {
    const { power, scale } = this.#param;
    if (power * scale === 0) return {};
    return power === 1 ? { inPlace: "lost" } : { bottom: "values", inPlace: "lost" };
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const { power, scale, shift } = this.#param;
    if (power * scale === 0) {
      k.fill({ y: y.data, value: shift ** power });
      return;
    }
    if (power !== 1) this.copyBottom(k, x, y);
    k.power({ x: x.data, y: y.data, power, scale, shift });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    const { power, scale, shift } = this.#param;
    if (wanted) k.powerBackward({ x: this.bottomOf(x), dy: y.diff, dx: x.diff, power, scale, shift });
  }
}
