import { create } from "@bufbuild/protobuf";
import type { ParamDeclaration } from "../../core/layer.js";
import type { LayerUse, Rereads } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { BNParameter_BNMode, BNParameterSchema, FillerParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../../util/shape.js";
import { NeuronLayer } from "../activation/neuron.js";
import { channelsOf, recordScale, recordScaleGradient } from "./bn-channels.js";

/** The fork adds this to each variance. */
const eps = 1e-9;

/**
 * BN of SegNet: batch normalization without averages, with the learned scale and shift inside.
 *
 * Bottom x of two or more axes, channels on axis 1; top y of the same shape; works in place. With `bn_mode: LEARN` two more tops may
 * follow: mean and biased variance of each channel, of shape (1, C, 1, 1); their gradients are ignored.
 *
 * `bn_mode: LEARN`: y = scale·(x − mean)/√(var + 1e-9) + shift with the statistics of the batch, in TRAIN and in TEST alike. So
 * the result for an image depends on the images beside it. `bn_mode: INFERENCE`: y = scale·x + shift: a script of SegNet
 * has put averages into both.
 *
 * Gradient, with x̂ the normalized values and d = dy·scale: dx = (d − mean(d) − x̂·mean(d·x̂))/√(var + 1e-9), dscale = Σ dy·x̂,
 * dshift = Σ dy; with INFERENCE dx = d, dscale = Σ dy·x. Gradients of parameters are added up over `iter_size`; the fork keeps the last.
 *
 * The fork computes var as E[x²] − E[x]², which loses digits where the mean is large against the deviation, and gives NaN where
 * rounding makes it negative. Moka takes the mean away first. The fork keeps the sizes of the first batch after a
 * reshape, and reads overwritten values for dscale with INFERENCE in place; Moka does not.
 *
 * Parameters: 0 scale, 1 shift, of shape (1, C, 1, 1).
 * `bn_param`: `scale_filler` and `shift_filler` (constant 0, so a net without `scale_filler` gives 0), `bn_mode` (LEARN).
 *
 * Where several ranks train the net together, each normalizes by its own batch.
 *
 * Source: Badrinarayanan et al. 2015 (caffe-segnet).
 */
export class BNSegnetLayer extends NeuronLayer {
  static readonly type = "BN";
  static override readonly group = "normalization";
  override readonly paramsByChannel = true;
  static override readonly paramField = "bn_param";
  readonly #param = this.message.bnParam ?? create(BNParameterSchema);
  readonly #learns = this.#param.bnMode === BNParameter_BNMode.LEARN;
  override readonly topCount = [1, 3] as const;
  override readonly spareTops = "extra";
  override readonly paramCount = 2;
  override readonly isAffine = !this.#learns;
  /** Only INFERENCE reads its bottom again; in place the fork then reads its top for the scale's gradient. */
  override readonly rereads: Rereads = this.#learns ? {} : { bottom: "values", inPlace: "lost", onlyToLearn: true };
  #variance: Span | undefined;
  #normalized: Span | undefined;

  override setup(): void {
    const { length } = this.message.param;
    this.check(length <= 2, "MOKA_FIELD", `has ${length} param specs, but two parameters`);
    this.check(
      this.#learns || this.message.top.length === 1,
      "MOKA_FIELD",
      `has ${this.message.top.length} tops, but with bn_mode: INFERENCE there are no statistics to give`,
    );
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    this.check(x.length >= 2, "MOKA_SHAPE", `needs a bottom of two axes or more, not ${x.length}`);
    return this.message.top.map((_, index) => (index === 0 ? x : [1, x[1] ?? 1, 1, 1]));
  }

  override declareParams([x]: readonly [Shape]): readonly ParamDeclaration[] {
    const shape = [1, x[1] ?? 1, 1, 1];
    const zero = create(FillerParameterSchema, { type: "constant", value: 0 });
    const { scaleFiller = zero, shiftFiller = zero } = this.#param;
    return [scaleFiller, shiftFiller].map((filler) => ({ shape, filler }));
  }

  /** buffer_blob_ and x_norm_; spatial_mean_ and spatial_variance_, and the multiplier of sums, with its diff. */
  override caffeBuffers({ bottom: [x = []] }: LayerUse): number {
    return 2 * countOf(x) + 2 * countOf(x, 0, 2) + 2 * countOf(x, 2);
  }

  override forward(k: Recorder, [x]: [Tensor], tops: readonly Tensor[]): void {
    const [y, meanTop, varianceTop] = tops as [Tensor, Tensor | undefined, Tensor | undefined];
    const [scale, shift] = this.params.map(({ data }) => data) as [Span, Span];
    const size = channelsOf(x.shape);
    const { n, channels, inner } = size;
    this.#normalized = undefined;
    this.#variance = undefined;
    if (!this.#learns) {
      this.copyBottom(k, x, y);
      k.scale({ x: x.data, scale, bias: shift, y: y.data, outer: n, dim: channels, inner });
      return;
    }
    const mean = k.span("mean", channels);
    const variance = k.span("variance", channels);
    this.#variance = variance;
    k.batchNorm({ x: x.data, y: y.data, mean, variance, eps, ...size });
    if (k.needsBackward) {
      this.#normalized = k.span("normalized", y.count);
      k.copy({ x: y.data, y: this.#normalized });
    }
    recordScale(k, y.data, scale, shift, size);
    if (meanTop) k.copy({ x: mean, y: meanTop.data });
    if (varianceTop) k.copy({ x: variance, y: varianceTop.data });
  }

  override backward(
    k: Recorder,
    [y]: [Tensor],
    [wanted]: [boolean],
    [x]: [Tensor],
    [learnsScale = false, learnsShift = false]: readonly boolean[],
  ): void {
    const [scale, shift] = this.params as readonly [Tensor, Tensor];
    const size = channelsOf(x.shape);
    const variance = this.#variance;
    const normalized = this.#normalized;
    const dscale = learnsScale ? scale.diff : undefined;
    const dbias = learnsShift ? shift.diff : undefined;
    const dx = wanted ? x.diff : undefined;
    const values = this.#learns ? normalized : this.bottomOf(x);
    recordScaleGradient(k, { x: values, dy: y.diff, scale: scale.data, dx, dscale, dbias }, size);
    if (dx && normalized && variance) k.batchNormBackward({ y: normalized, dy: dx, variance, dx, eps, ...size });
  }
}
