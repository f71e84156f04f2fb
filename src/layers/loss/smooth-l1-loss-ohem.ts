import type { Recorder } from "../../core/recorder.js";
import type { FloatArray, Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { formatShape, type Shape } from "../../util/shape.js";
import { labelOptions } from "./labels.js";
import { LossLayer } from "./loss.js";

/**
 * Smooth L1 loss that also gives the loss of each region, to find hard examples by (R-FCN): Σ f(w·(a − b))/normalizer, with f(d) = ½d² for
 * |d| < 1, else |d| − ½.
 *
 * Bottoms: a, b and optionally weights w (1 without them), (N, C, H, W) each; missing axes are 1. Tops: the loss, a scalar, and optionally (N, 1, H, W), the sums
 * over C before the normalizer.
 * Gradient of a: w·f′(w·(a − b))·dloss/normalizer, with f′ = d near 0 and the sign of d beyond; the negative for b; weights have none. The diff of
 * the second top is not used.
 *
 * `loss_param`: `normalization` (VALID and FULL: N·H·W; BATCH_SIZE: N; NONE: 1; PRE_FIXED: `pre_fixed_normalizer`, 1), at least 1; `normalize`, its
 * old form: true VALID, false BATCH_SIZE. `ignore_label` is not used.
 *
 * As in the fork, without an explicit `loss_weight` the loss is computed, but not learned from. The fork leaves the factor w out of the
 * gradient, which is the same for weights of 0 and 1, the only ones that R-FCN makes.
 *
 * Source: R-FCN; Dai et al. 2016. Dialects: r-fcn, intel.
 */
export class SmoothL1LossOHEMLayer extends LossLayer {
  static readonly type = "SmoothL1LossOHEM";
  override readonly isLossByDefault = false;
  static override readonly paramField = "loss_param";
  static override readonly forkFields = ["loss_param.pre_fixed_normalizer"];
  override readonly bottomCount = [2, 3] as const;
  override readonly topCount = [1, 2] as const;
  override readonly withoutGradient: Readonly<Record<number, string>> = { 2: "its weights" };
  /** The slope of each value's loss, before the normalizer, of the last forward. */
  #slopes: Span | undefined;

  /** The fork's setup leaves out the default loss weight. */
  override setup(): void {}

  override topShapes(bottom: readonly Shape[]): readonly Shape[] {
    const four = bottom.map(fourAxes);
    const [[n = 1, , h = 1, w = 1] = []] = four;
    this.check(
      bottom.every(({ length }) => length <= 4) && new Set(four.map(formatShape)).size === 1,
      "MOKA_SHAPE",
      `all bottoms must have one shape of up to 4 axes; they are ${bottom.map(formatShape).join(", ")}`,
    );
    return [[], [n, 1, h, w]];
  }

  override forward(k: Recorder, bottom: readonly Tensor[], top: readonly Tensor[]): void {
    const [a, b, weights] = bottom as [Tensor, Tensor, Tensor?];
    const [loss, sums] = top as [Tensor, Tensor?];
    const slopes = k.span("slopes", a.count);
    this.#slopes = slopes;
    const [, channels = 1, h = 1, w = 1] = fourAxes(a.shape);
    const plane = h * w;
    const divisor = this.#divisor(a.shape);
    const run = () => {
      const [xs, ys, ws, to] = [a.data.array, b.data.array, weights?.data.array, slopes.array];
      const each: FloatArray | undefined = sums?.data.array;
      each?.fill(0);
      let total = 0;
      for (let i = 0; i < to.length; i++) {
        const weight = ws ? (ws[i] as number) : 1;
        const d = weight * ((xs[i] as number) - (ys[i] as number));
        const size = Math.abs(d);
        const value = size < 1 ? 0.5 * d * d : size - 0.5;
        total += value;
        to[i] = weight * (size < 1 ? d : Math.sign(d));
        if (!each) continue;
        const at = Math.floor(i / (channels * plane)) * plane + (i % plane);
        each[at] = (each[at] as number) + value;
      }
      loss.data.array[0] = total / divisor;
    };
    const writes = [slopes, ...top.map(({ data }) => data)];
    k.host("smooth L1 loss", run, { reads: bottom.map(({ data }) => data), writes });
  }

  override backward(k: Recorder, [loss]: [Tensor], wanted: readonly boolean[], bottom: readonly Tensor[]): void {
    const slopes = this.#slopes;
    if (!slopes) return;
    bottom.slice(0, 2).forEach((x, i) => {
      const alpha = (i === 0 ? 1 : -1) / this.#divisor(x.shape);
      if (wanted[i]) k.scaleBy({ x: slopes, multiplier: loss.diff, y: x.diff, alpha });
    });
  }

  #divisor(shape: Shape): number {
    const [n = 1, , h = 1, w = 1] = fourAxes(shape);
    const { normalization, fixed = 1 } = labelOptions(this.message.lossParam);
    const regions = n * h * w;
    return Math.max(1, { full: regions, valid: regions, batchSize: n, none: 1, fixed }[normalization]);
  }
}

/** The shape with axes of 1 behind it, as Caffe's blobs of four axes. */
function fourAxes(shape: Shape): Shape {
  return [...shape, 1, 1, 1, 1].slice(0, Math.max(4, shape.length));
}
