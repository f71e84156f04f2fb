import type { LayerConstructor, LayerVariants } from "../../core/catalog.js";
import type { LayerContext } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import type { LayerParameter } from "../../proto/gen/caffe_pb.js";
import { formatShape, type Shape } from "../../util/shape.js";
import { rowsOf } from "./distance-loss.js";
import { LossLayer } from "./loss.js";

/** Σ o·f(i·(a − b))/N; see `SmoothL1LossLayer`. */
abstract class SmoothL1Layer extends LossLayer {
  static readonly type = "SmoothL1Loss";
  static override readonly paramField = "smooth_l1_loss_param";
  override readonly withoutGradient: Readonly<Record<number, string>> = {
    2: "its inside weights",
    3: "its outside weights",
  };
  protected abstract readonly sigma: number;
  /** The slope of each value's loss, without the loss weight, of the last forward. */
  #slopes: Span | undefined;

  override topShapes(bottom: readonly Shape[]): readonly Shape[] {
    const [x = []] = bottom;
    this.check(
      bottom.every((shape) => formatShape(shape) === formatShape(x)),
      "MOKA_SHAPE",
      `all bottoms must have one shape; they are ${bottom.map(formatShape).join(", ")}`,
    );
    return [[]];
  }

  override forward(k: Recorder, bottom: readonly Tensor[], top: readonly Tensor[]): void {
    const [a, b, inside, outside] = bottom as [Tensor, Tensor, Tensor?, Tensor?];
    const [loss] = top as [Tensor];
    const slopes = k.span("slopes", a.count);
    this.#slopes = slopes;
    const rows = rowsOf(a);
    const square = this.sigma * this.sigma;
    const run = () => {
      const [xs, ys, ins, outs, to] = [a, b, inside, outside].map((t) => t?.data.array).concat(slopes.array) as [
        Float32Array,
        Float32Array,
        Float32Array | undefined,
        Float32Array | undefined,
        Float32Array,
      ];
      let total = 0;
      for (let i = 0; i < to.length; i++) {
        const weight = ins ? (ins[i] as number) : 1;
        const factor = outs ? (outs[i] as number) : 1;
        const d = weight * ((xs[i] as number) - (ys[i] as number));
        const size = Math.abs(d);
        const isNear = size < 1 / square;
        total += factor * (isNear ? 0.5 * square * d * d : size - 0.5 / square);
        to[i] = weight * factor * (isNear ? square * d : Math.sign(d));
      }
      loss.data.array[0] = total / rows;
    };
    k.host("smooth L1 loss", run, { reads: bottom.map(({ data }) => data), writes: [slopes, loss.data] });
  }

  override backward(k: Recorder, [loss]: [Tensor], wanted: readonly boolean[], bottom: readonly Tensor[]): void {
    const slopes = this.#slopes;
    if (!slopes) return;
    bottom.slice(0, 2).forEach((x, i) => {
      const alpha = (i === 0 ? 1 : -1) / rowsOf(x);
      if (wanted[i]) k.scaleBy({ x: slopes, multiplier: loss.diff, y: x.diff, alpha });
    });
  }
}

/** As Faster R-CNN's and R-FCN's: see `SmoothL1LossLayer`. */
export class RegionSmoothL1Layer extends SmoothL1Layer {
  override readonly isLossByDefault = false;
  override readonly bottomCount = [2, 4] as const;
  protected override readonly sigma = this.message.smoothL1LossParam?.sigma ?? 1;

  /** The fork's setup leaves out the default loss weight. */
  override setup(bottom: readonly Shape[]): void {
    this.check(bottom.length !== 3, "MOKA_LAYER", "needs 2 bottoms, or 4 with inside and outside weights, not 3");
    const sigma = this.sigma;
    this.check(sigma > 0, "MOKA_FIELD", `smooth_l1_loss_param.sigma must be above 0, not ${sigma}`);
    const { abssum = true } = this.message.smoothL1LossParam ?? {};
    this.check(abssum, "MOKA_UNSUPPORTED", "smooth_l1_loss_param.abssum: false, of Synopsys's fork, is not computed");
  }
}

/**
 * Smooth L1 loss, a square near 0 and a straight line beyond: Σ o·f(i·(a − b))/N, with f(d) = ½σ²d² for |d| < 1/σ², else |d| − ½/σ².
 *
 * Bottoms: a and b, of one shape, N their first axis; in Faster R-CNN's form optionally both of inside weights i and outside weights o, of
 * the same shape (1 without them). Top: the loss, a scalar.
 * Gradient of a: i·o·f′(i·(a − b))·dloss/N, with f′ = σ²d near 0 and the sign of d beyond; the negative for b; the weights have none.
 * Outside weights may be negative: their terms are subtracted. A batch without rows has loss 0.
 *
 * Two forks have the type. SSD's: two bottoms, σ = 1, weight 1 in the net's loss. Faster R-CNN's: σ from `smooth_l1_loss_param`, and it needs
 * an explicit `loss_weight`: without one it is computed, but not learned from. Trained models depend on that, so it is the same here. More
 * than two bottoms or `smooth_l1_loss_param` mean Faster R-CNN's; else the net's dialect decides; else it is SSD's.
 *
 * `smooth_l1_loss_param` (Faster R-CNN's): `sigma` (1). Synopsys's `abssum: false` is an error.
 *
 * Source: SSD; Faster R-CNN; Girshick 2015. Dialects: ssd, faster-rcnn.
 */
export class SmoothL1LossLayer extends SmoothL1Layer {
  protected override readonly sigma = 1;

  static readonly variants: LayerVariants = {
    classes: [SmoothL1LossLayer, RegionSmoothL1Layer],
    choose(message: LayerParameter, { dialects = [] }: LayerContext): LayerConstructor {
      const dialect = dialects.find((each) => each === "ssd" || each === "faster-rcnn");
      const isRegion = message.bottom.length > 2 || message.smoothL1LossParam || dialect === "faster-rcnn";
      return isRegion ? RegionSmoothL1Layer : SmoothL1LossLayer;
    },
  };
}
