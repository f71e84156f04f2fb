import type { Folded } from "../../core/kernels.js";
import type { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { canonicalAxis, countOf, foldShape, formatShape, type Shape } from "../../util/shape.js";

/**
 * Scores folded around their axis of classes; checks that there is one label for each prediction. `field` is what
 * the prototxt calls the axis.
 */
export function foldClasses(layer: Layer, scores: Shape, labels: Shape, axis: number, field: string): Folded {
  const at = canonicalAxis(scores, axis, field);
  const fold = foldShape(scores, at, at + 1);
  layer.check(
    fold.outer * fold.inner === countOf(labels),
    "MOKA_SHAPE",
    `scores ${formatShape(scores)} with classes on ${field} ${axis} need ${fold.outer * fold.inner} labels; ` +
      `there are ${formatShape(labels)}`,
  );
  return fold;
}

/**
 * Has the labels checked before each use: every one but `ignore` must be a class, 0 … classes − 1. Caffe checks
 * that only in debug builds, and reads beyond its arrays otherwise.
 */
export function checkLabels(
  k: Recorder,
  layer: Layer,
  labels: Tensor,
  classes: number,
  ignore: number | undefined,
): void {
  const check = () => {
    const values = labels.data.array;
    for (let i = 0; i < values.length; i++) {
      const label = Math.trunc(values[i] ?? 0);
      if ((label >= 0 && label < classes) || label === ignore) continue;
      throw layer.error(
        "MOKA_LABEL",
        `label ${values[i]} (number ${i} of "${labels.name}") is not one of its ${classes} classes, 0 to ${classes - 1}` +
          (ignore === undefined ? "" : `, nor ignore_label ${ignore}`),
      );
    }
  };
  k.host("check labels", check, { reads: [labels.data] });
}
