import type { LayerUse } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { countOf } from "../../util/shape.js";
import { NeuronLayer } from "../activation/neuron.js";

/**
 * Dropout. In TRAIN each value is set to 0 with probability dropout_ratio, or else multiplied by
 * 1/(1 − dropout_ratio). In TEST y = x.
 *
 * Bottom x of any shape, top y of the same; works in place. Gradient: dx = dy times what x was multiplied by.
 * A new mask is drawn at every forward, from the generator of the run, which is another one on each rank.
 *
 * `dropout_param.dropout_ratio` (0.5), from 0, which drops nothing, to less than 1. Caffe checks the ratio only in
 * debug builds, and refuses 0 too.
 *
 * Source: Srivastava et al. 2014.
 */
export class DropoutLayer extends NeuronLayer {
  static readonly type = "Dropout";
  static override readonly group = "common";
  readonly #ratio = this.message.dropoutParam?.dropoutRatio ?? 0.5;
  readonly #scale = Math.fround(1 / (1 - this.#ratio));
  #mask: Span | undefined;
  override readonly keepsSign = true;
  override readonly commutesWithAffine = true;
  override readonly passesOn = "first";
  override readonly isIdentityInTest = true;

  override setup(): void {
    const ratio = this.#ratio;
    this.check(
      ratio >= 0 && ratio < 1,
      "MOKA_FIELD",
      `dropout_param.dropout_ratio must be 0 or more and less than 1, not ${ratio}`,
    );
  }

  /** rand_vec_, the mask. */
  override caffeBuffers({ bottom: [x = []] }: LayerUse): number {
    return this.phase === "TRAIN" ? countOf(x) : 0;
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    if (this.phase === "TEST") {
      if (x !== y) k.copy({ x: x.data, y: y.data });
      return;
    }
    const mask = k.span("mask", x.count);
    this.#mask = mask;
    k.host("dropout mask", () => this.context.random.bernoulli(mask.array, 1 - this.#ratio), { writes: [mask] });
    k.dropout({ x: x.data, mask, y: y.data, scale: this.#scale });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted) return;
    if (this.#mask) k.dropout({ x: y.diff, mask: this.#mask, y: x.diff, scale: this.#scale });
    else if (x !== y) k.copy({ x: y.diff, y: x.diff });
  }
}
