import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { HingeLossParameter_Norm as Norm } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";
import { checkLabels, rowsOfClasses } from "./labels.js";
import { LossLayer } from "./loss.js";

/**
 * Hinge loss of one class against all others: Σ m/N with L1, Σ m²/N with L2, over the margins
 * m = max(0, 1 − x) for the score x of the label, and m = max(0, 1 + x) for the other scores.
 *
 * Bottoms: scores (N, …), whose axes after the first together are the classes; labels, one for each row, classes
 * as whole numbers from 0. Top: the loss, a scalar.
 * Gradient for the scores: s·dloss/N where m > 0 with L1, 2·s·m·dloss/N with L2; s is −1 for the label, 1 for the
 * others. Labels have none.
 *
 * `hinge_loss_param`: `norm` (L1). Labels out of range, and more labels than rows, are an error here; a batch without
 * rows has loss 0; Caffe aborts.
 */
export class HingeLossLayer extends LossLayer {
  static readonly type = "HingeLoss";
  readonly #squared = this.message.hingeLossParam?.norm === Norm.L2;
  #margin: Span | undefined;

  override topShapes([scores, labels]: readonly [Shape, Shape]): readonly Shape[] {
    const top = super.topShapes([scores, labels]);
    rowsOfClasses(this, scores, labels);
    return top;
  }

  override forward(k: Recorder, [scores, labels]: [Tensor, Tensor], [loss]: [Tensor]): void {
    const { rows, classes } = rowsOfClasses(this, scores.shape, labels.shape);
    const span = k.span("margin", scores.count);
    this.#margin = span;
    checkLabels(k, this, labels, classes, undefined);
    const run = () => {
      const [x, label, margin] = [scores.data.array, labels.data.array, span.array];
      let total = 0;
      for (let row = 0, i = 0; row < rows; row++) {
        const target = Math.trunc(label[row] ?? 0);
        for (let c = 0; c < classes; c++, i++) {
          const m = Math.max(0, 1 + (c === target ? -1 : 1) * (x[i] ?? 0));
          margin[i] = m;
          total += this.#squared ? m * m : m;
        }
      }
      loss.data.array[0] = total / Math.max(rows, 1);
    };
    k.host("hinge loss", run, { reads: [scores.data, labels.data], writes: [span, loss.data] });
  }

  override backward(k: Recorder, [loss]: [Tensor], [wanted]: [boolean], [scores, labels]: [Tensor, Tensor]): void {
    const span = this.#margin;
    if (!wanted || !span) return;
    const { rows, classes } = rowsOfClasses(this, scores.shape, labels.shape);
    const run = () => {
      const [dx, label, margin] = [scores.diff.array, labels.data.array, span.array];
      const multiplier = (loss.diff.array[0] ?? 0) / Math.max(rows, 1);
      for (let row = 0, i = 0; row < rows; row++) {
        const target = Math.trunc(label[row] ?? 0);
        for (let c = 0; c < classes; c++, i++) {
          const m = margin[i] ?? 0;
          dx[i] = (c === target ? -multiplier : multiplier) * (this.#squared ? 2 * m : Math.sign(m));
        }
      }
    };
    k.host("hinge loss gradient", run, { reads: [span, labels.data, loss.diff], writes: [scores.diff] });
  }
}
