import { create, isFieldSet } from "@bufbuild/protobuf";
import { Layer, type OneOrMore } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { AccuracyParameterSchema } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";
import { checkLabels, collapseClasses } from "./labels.js";

/**
 * The share of predictions whose label is among the `top_k` classes with the highest scores. A score equal
 * to the label's counts as higher, so that no prediction is right in a net whose scores are all the same.
 *
 * Bottoms: scores, with classes on `axis`; labels, one for each prediction, classes as whole numbers from 0.
 * Tops: a scalar; with two, the share for each class too (classes), 0 for a class without labels. No gradient.
 *
 * `accuracy_param`: `top_k` (1), `axis` (1), `ignore_label` (none). Labels out of range are an error here.
 */
export class AccuracyLayer extends Layer {
  static readonly type = "Accuracy";
  static override readonly group = "loss";
  override readonly bottomCount = 2;
  override readonly topCount = [1, 2] as const;
  readonly #param = this.message.accuracyParam ?? create(AccuracyParameterSchema);
  override readonly spareTops = "all";

  override takesIndices(bottom: number): boolean {
    return bottom === 1;
  }

  override topShapes([scores, labels]: readonly [Shape, Shape]): readonly Shape[] {
    const { topK, axis } = this.#param;
    const { dim } = collapseClasses(this, scores, labels, axis, "accuracy_param.axis");
    this.check(topK <= dim, "MOKA_FIELD", `accuracy_param.top_k ${topK} is more than the ${dim} classes there are`);
    return [[], [dim]];
  }

  override forward(k: Recorder, [scores, labels]: [Tensor, Tensor], [y, perClass]: OneOrMore<Tensor>): void {
    const { topK, axis, ignoreLabel } = this.#param;
    const ignore = isFieldSet(this.#param, AccuracyParameterSchema.field.ignoreLabel) ? ignoreLabel : undefined;
    const collapsed = collapseClasses(this, scores.shape, labels.shape, axis, "accuracy_param.axis");
    checkLabels(k, this, labels, collapsed.dim, ignore);
    k.accuracy({ x: scores.data, label: labels.data, y: y.data, perClass: perClass?.data, topK, ignore, ...collapsed });
  }
}
