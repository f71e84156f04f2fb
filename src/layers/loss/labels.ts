import { create, isFieldSet } from "@bufbuild/protobuf";
import type { Folded, Labels } from "../../core/kernels.js";
import type { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import {
  type LossParameter,
  LossParameterSchema,
  LossParameter_NormalizationMode as Mode,
} from "../../proto/gen/caffe_pb.js";
import { canonicalAxis, collapseShape, countOf, formatShape, type Shape } from "../../util/shape.js";

/** What losses in TypeScript take the logarithm of instead of anything smaller. */
export const smallestProbability = 1e-20;

/**
 * Scores folded around their axis of classes; checks that there is one label for each prediction. `field` is what
 * the prototxt calls the axis.
 */
export function foldClasses(layer: Layer, scores: Shape, labels: Shape, axis: number, field: string): Folded {
  const at = canonicalAxis(scores, axis, field);
  const fold = collapseShape(scores, at, at + 1);
  layer.check(
    fold.outer * fold.inner === countOf(labels),
    "MOKA_SHAPE",
    `scores ${formatShape(scores)} with classes on ${field} ${axis} need ${fold.outer * fold.inner} labels; ` +
      `there are ${formatShape(labels)}`,
  );
  return fold;
}

/**
 * Scores as one row of classes for each label: all axes behind the first together are classes. Checks that there is
 * one label a row.
 */
export function rowsOfClasses(layer: Layer, scores: Shape, labels: Shape): { rows: number; classes: number } {
  const rows = scores[0] ?? 1;
  layer.check(
    countOf(labels) === rows,
    "MOKA_SHAPE",
    `scores ${formatShape(scores)} need one label for each of their ${rows} rows; there are ${formatShape(labels)}`,
  );
  return { rows, classes: countOf(scores, 1) };
}

/** What `loss_param` says of labels: which one does not count, and what the sum of losses is divided by. */
export function labelOptions(param: LossParameter = create(LossParameterSchema)): Labels {
  const { field } = LossParameterSchema;
  const has = (name: keyof typeof field) => isFieldSet(param, field[name]);
  const old = has("normalize") && !has("normalization");
  const mode = old ? (param.normalize ? Mode.VALID : Mode.BATCH_SIZE) : param.normalization;
  return { ignore: has("ignoreLabel") ? param.ignoreLabel : undefined, normalization: normalizations[mode] };
}

const normalizations = {
  [Mode.FULL]: "full",
  [Mode.VALID]: "valid",
  [Mode.BATCH_SIZE]: "batchSize",
  [Mode.NONE]: "none",
} as const;

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
