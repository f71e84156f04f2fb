import { isFieldSet } from "@bufbuild/protobuf";
import type { Collapsed, Labels } from "../../core/kernels.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { LossParameterSchema } from "../../proto/gen/caffe_pb.js";
import { collapseShape, countOf, formatShape, type Shape } from "../../util/shape.js";
import { labelOptions } from "./labels.js";
import { LossLayer } from "./loss.js";

/**
 * Cross entropy of sigmoids and targets: −Σ (t·log p + (1 − t)·log(1 − p))/normalizer, p = 1/(1 + e^−x), computed
 * from x so that nothing overflows.
 *
 * Bottoms: scores x (N, …); the same number of targets t, from 0 to 1, with the same first axis. Top: the loss, a scalar.
 * Gradient for the scores: (p − t)·dloss/normalizer, 0 for ignored targets; targets have none.
 *
 * `loss_param`: `ignore_label` (none; compared with targets without their fractions: an ignore_label of 0 ignores all
 * targets below 1), `normalization` (BATCH_SIZE: N; FULL: all targets; VALID: those not ignored; NONE: 1),
 * never less than 1; `normalize` (its old form: true VALID, false BATCH_SIZE).
 */
export class SigmoidCrossEntropyLossLayer extends LossLayer {
  static readonly type = "SigmoidCrossEntropyLoss";
  static override readonly forkFields = ["loss_param.pre_fixed_normalizer"];
  static override readonly paramField = "loss_param";
  override readonly withoutGradient = { 1: "its targets" };

  override topShapes([x, targets]: readonly [Shape, Shape]): readonly Shape[] {
    this.check(
      countOf(x) === countOf(targets),
      "MOKA_SHAPE",
      `needs one target for each score; there are ${formatShape(targets)} for ${formatShape(x)}`,
    );
    return super.topShapes([x, targets]);
  }

  override forward(k: Recorder, [x, targets]: [Tensor, Tensor], [loss]: [Tensor]): void {
    k.sigmoidLoss({ x: x.data, target: targets.data, loss: loss.data, ...this.#options(x.shape) });
  }

  override backward(k: Recorder, [loss]: [Tensor], [wanted]: [boolean], [x, targets]: [Tensor, Tensor]): void {
    if (!wanted) return;
    const [target, dloss, dx] = [targets.data, loss.diff, x.diff];
    k.sigmoidLossBackward({ x: x.data, target, dloss, dx, ...this.#options(x.shape) });
  }

  #options(x: Shape): Labels & Collapsed {
    const param = this.message.lossParam;
    const { normalization, normalize } = LossParameterSchema.field;
    const says = param && [normalization, normalize].some((field) => isFieldSet(param, field));
    const options = labelOptions(param);
    return { ...options, ...(!says && { normalization: "batchSize" }), ...collapseShape(x, 1, 1) };
  }
}
