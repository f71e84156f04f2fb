import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import type { Shape } from "../../util/shape.js";
import { checkLabels, rowsOfClasses, smallestProbability } from "./labels.js";
import { LossLayer } from "./loss.js";

/**
 * Multinomial logistic loss of given probabilities: −Σ log p(label)/N, with p at least 1e−20.
 *
 * Bottoms: probabilities (N, …), such as the top of a Softmax, whose axes after the first together are the classes;
 * labels, one for each row, classes as whole numbers from 0. Top: the loss, a scalar.
 * Gradient for the probabilities: −dloss/(N·p) for those of the labels, else 0; labels have none.
 *
 * No parameters. Labels out of range are an error here; a batch without rows has loss 0; Caffe aborts.
 * SoftmaxWithLoss computes the softmax and this loss in one, and is more exact.
 */
export class MultinomialLogisticLossLayer extends LossLayer {
  static readonly type = "MultinomialLogisticLoss";

  override highestLoss(): number {
    return -Math.log(smallestProbability);
  }

  override topShapes([prob, labels]: readonly [Shape, Shape]): readonly Shape[] {
    const top = super.topShapes([prob, labels]);
    rowsOfClasses(this, prob, labels);
    return top;
  }

  override forward(k: Recorder, [prob, labels]: [Tensor, Tensor], [loss]: [Tensor]): void {
    const { rows, classes } = rowsOfClasses(this, prob.shape, labels.shape);
    checkLabels(k, this, labels, classes, undefined);
    const run = () => {
      const [p, label] = [prob.data.array, labels.data.array];
      let total = 0;
      for (let row = 0; row < rows; row++) {
        total -= Math.log(Math.max(p[row * classes + Math.trunc(label[row] ?? 0)] ?? 0, smallestProbability));
      }
      loss.data.array[0] = total / Math.max(rows, 1);
    };
    k.host("multinomial logistic loss", run, { reads: [prob.data, labels.data], writes: [loss.data] });
  }

  override backward(k: Recorder, [loss]: [Tensor], [wanted]: [boolean], [prob, labels]: [Tensor, Tensor]): void {
    if (!wanted) return;
    const { rows, classes } = rowsOfClasses(this, prob.shape, labels.shape);
    const run = () => {
      const [p, label, dp] = [prob.data.array, labels.data.array, prob.diff.array];
      const multiplier = -(loss.diff.array[0] ?? 0) / Math.max(rows, 1);
      dp.fill(0);
      for (let row = 0; row < rows; row++) {
        const i = row * classes + Math.trunc(label[row] ?? 0);
        dp[i] = multiplier / Math.max(p[i] ?? 0, smallestProbability);
      }
    };
    const reads = [prob.data, labels.data, loss.diff];
    k.host("multinomial logistic loss gradient", run, { reads, writes: [prob.diff] });
  }
}
