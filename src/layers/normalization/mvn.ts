import { create } from "@bufbuild/protobuf";
import type { Rereads } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { MVNParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../../util/shape.js";
import { NeuronLayer } from "../activation/neuron.js";
import { fourAxes } from "../common/four-axes.js";

/**
 * Mean-variance normalization of each image by itself: y = (x − mean)/(deviation + eps), or y = x − mean; over each
 * channel, or over all channels.
 *
 * Bottom x of at most four axes; top y (N, C, H, W), with 1 for the axes that x lacks; works in place.
 * Gradient: dx = (dy − mean(dy) − y·mean(dy·y))/(deviation + eps), which assumes a small eps, or dx = dy − mean(dy).
 *
 * `mvn_param`: `normalize_variance` (true), `across_channels` (false), `eps` (1e-9). The gradient is right in place
 * too; Caffe's is not with `normalize_variance`.
 *
 * Rounding: where all values of a row hardly differ, y is their rounding, grown by up to 1/eps.
 */
export class MVNLayer extends NeuronLayer {
  static readonly type = "MVN";
  override readonly ignoresPropagateDown = true;
  static override readonly group = "normalization";
  readonly #param = this.message.mvnParam ?? create(MVNParameterSchema);
  /** (deviation + eps)²: the kernels shared with BatchNorm take the root of it. */
  #variance: Span | undefined;
  override readonly rereads: Rereads = this.#param.normalizeVariance ? { top: "values", inPlace: "lost" } : {};

  /** What it normalizes, and by what. */
  get settings(): { readonly acrossChannels: boolean; readonly normalizeVariance: boolean; readonly eps: number } {
    return this.#param;
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    return [fourAxes(this, x)];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const { rows, size } = this.#collapse(x.shape);
    this.#center(k, x.data, y.data, { rows, size });
    if (!this.#param.normalizeVariance) return;
    const variance = k.span("variance", rows);
    this.#variance = variance;
    const collapsed = { outer: 1, dim: rows, inner: size };
    k.scaleBackward({ x: y.data, dy: y.data, dscale: variance, accumulate: false, ...collapsed });
    k.power({ x: variance, y: variance, power: 0.5, scale: 1 / size, shift: 0 });
    k.power({ x: variance, y: variance, power: 2, scale: 1, shift: this.#param.eps });
    k.normalize({ x: y.data, mean: undefined, variance, y: y.data, eps: 0, n: 1, channels: rows, inner: size });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted) return;
    const { rows, size } = this.#collapse(x.shape);
    const variance = this.#variance;
    if (!variance) this.#center(k, y.diff, x.diff, { rows, size });
    else
      k.batchNormBackward({ y: y.data, dy: y.diff, variance, dx: x.diff, eps: 0, n: 1, channels: rows, inner: size });
  }

  /** Writes to `to` the values of `from` minus the mean of their row. */
  #center(k: Recorder, from: Span, to: Span, { rows, size }: { rows: number; size: number }): void {
    const shift = k.span("shift", rows);
    const collapsed = { outer: 1, dim: rows, inner: size };
    k.biasBackward({ dy: from, dbias: shift, accumulate: false, ...collapsed });
    k.axpby({ x: shift, y: shift, a: -1 / size, b: 0 });
    k.bias({ x: from, bias: shift, y: to, ...collapsed });
  }

  /** The number of rows, each of which is normalized by itself, and the number of values in a row. */
  #collapse(x: Shape) {
    const axes = this.#param.acrossChannels ? 1 : 2;
    return { rows: countOf(x, 0, axes), size: countOf(x, axes) };
  }
}
