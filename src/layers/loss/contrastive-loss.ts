import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { ContrastiveLossParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { LossLayer } from "./loss.js";

/**
 * Contrastive loss of pairs of features, which draws similar ones together and pushes others apart: Σ l/(2·N), with
 * d = ‖a − b‖ for each pair, l = d² for a similar one, and else l = max(margin − d, 0)², or, with `legacy_version`,
 * l = max(margin − d², 0).
 *
 * Bottoms: features a and b, both (N, C), possibly followed by axes of size 1; one label for each pair, 0 for a
 * dissimilar one. Top: the loss, a scalar.
 * Gradient for a, its negative for b: f·(a − b)·dloss/N; f = 1 for a similar pair, and else 0 where the maximum is 0,
 * or −(margin − d)/(d + 1e−4), or −1 with `legacy_version`. The 1e−4 is Caffe's; it avoids a division by 0. Labels have
 * no gradient.
 *
 * `contrastive_loss_param`: `margin` (1), `legacy_version` (false: the paper's).
 * A batch may change its size here, and a batch without rows has loss 0; Caffe fails at both.
 *
 * Source: Hadsell, Chopra and LeCun 2006.
 */
export class ContrastiveLossLayer extends LossLayer {
  static readonly type = "ContrastiveLoss";
  override readonly bottomCount = 3;
  override readonly withoutGradient = { 2: "its labels" };
  readonly #param = this.message.contrastiveLossParam ?? create(ContrastiveLossParameterSchema);
  #spans: { readonly difference: Span; readonly squares: Span } | undefined;

  override topShapes([a, b, labels]: readonly [Shape, Shape, Shape]): readonly Shape[] {
    const top = super.topShapes([a, b]);
    this.check(
      countOf(a, 1) === countOf(b, 1) && countOf(a, 2) === 1 && countOf(b, 2) === 1,
      "MOKA_SHAPE",
      `features must be (N, C), with the same C; they are ${formatShape(a)} and ${formatShape(b)}`,
    );
    this.check(
      labels[0] === a[0] && countOf(labels, 1) === 1,
      "MOKA_SHAPE",
      `${a[0]} pairs need one label each; there are ${formatShape(labels)}`,
    );
    return top;
  }

  override forward(k: Recorder, [a, b, labels]: [Tensor, Tensor, Tensor], [loss]: [Tensor]): void {
    const rows = a.shape[0] ?? 1;
    const { margin, legacyVersion } = this.#param;
    const difference = k.span("difference", a.count);
    const squares = k.span("squares", rows);
    this.#spans = { difference, squares };
    k.sum({ xs: [a.data, b.data], coefficients: [1, -1], y: difference });
    k.scaleBackward({ x: difference, dy: difference, dscale: squares, accumulate: false, ...collapse(a.shape) });
    const run = () => {
      const [square, label] = [squares.array, labels.data.array];
      let total = 0;
      for (let row = 0; row < rows; row++) {
        const s = square[row] ?? 0;
        if (isSimilar(label[row])) total += s;
        else total += legacyVersion ? Math.max(margin - s, 0) : Math.max(margin - Math.sqrt(s), 0) ** 2;
      }
      loss.data.array[0] = total / Math.max(rows, 1) / 2;
    };
    k.host("contrastive loss", run, { reads: [squares, labels.data], writes: [loss.data] });
  }

  override backward(
    k: Recorder,
    [loss]: [Tensor],
    wanted: readonly boolean[],
    [a, b, labels]: readonly [Tensor, Tensor, Tensor],
  ): void {
    if (!this.#spans) return;
    const { difference, squares } = this.#spans;
    const { margin, legacyVersion } = this.#param;
    const rows = a.shape[0] ?? 1;
    const multipliers = k.span("multipliers", rows);
    const run = () => {
      const [square, label, multiplier] = [squares.array, labels.data.array, multipliers.array];
      const unit = (loss.diff.array[0] ?? 0) / Math.max(rows, 1);
      for (let row = 0; row < rows; row++) {
        const s = square[row] ?? 0;
        const d = legacyVersion ? s : Math.sqrt(s);
        if (isSimilar(label[row])) multiplier[row] = unit;
        else if (d >= margin) multiplier[row] = 0;
        else multiplier[row] = legacyVersion ? -unit : (-unit * (margin - d)) / (d + 1e-4);
      }
    };
    k.host("contrastive loss gradient", run, { reads: [squares, labels.data, loss.diff], writes: [multipliers] });
    [a, b].forEach((x, i) => {
      if (!wanted[i]) return;
      k.scale({ x: difference, scale: multipliers, bias: undefined, y: x.diff, ...collapse(a.shape) });
      if (i === 1) k.axpby({ x: x.diff, y: x.diff, a: -1, b: 0 });
    });
  }
}

/** Caffe cuts off the fraction of the label. */
function isSimilar(label: number | undefined): boolean {
  return Math.trunc(label ?? 0) !== 0;
}

/** One value for each row of features. */
function collapse(shape: Shape) {
  return { outer: 1, dim: shape[0] ?? 1, inner: countOf(shape, 1) };
}
