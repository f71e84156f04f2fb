import { create, isFieldSet } from "@bufbuild/protobuf";
import type { Collapsed, Labels } from "../../core/kernels.js";
import type { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import {
  type LossParameter,
  LossParameterSchema,
  LossParameter_NormalizationMode as Mode,
} from "../../proto/gen/caffe_pb.js";
import { canonicalAxis, collapseShape, countOf, formatShape, type Shape } from "../../util/shape.js";

/** Losses in TypeScript take the logarithm of at least this probability. */
export const smallestProbability = 1e-20;

/**
 * Scores collapsed around their axis of classes; checks that there is one label for each prediction. `field` is
 * the name of that axis in the prototxt.
 */
export function collapseClasses(layer: Layer, scores: Shape, labels: Shape, axis: number, field: string): Collapsed {
  const at = canonicalAxis(scores, axis, field);
  const collapsed = collapseShape(scores, at, at + 1);
  layer.check(
    collapsed.outer * collapsed.inner === countOf(labels),
    "MOKA_SHAPE",
    `scores ${formatShape(scores)} with classes on ${field} ${axis} need ${collapsed.outer * collapsed.inner} labels; ` +
      `there are ${formatShape(labels)}`,
  );
  return collapsed;
}

/**
 * Scores as one row of classes for each label: all axes after the first together are classes. Checks that there is
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

/** The settings of `loss_param`: the label to ignore, and the divisor of the sum of losses. */
export function labelOptions(param: LossParameter = create(LossParameterSchema)): Labels {
  const { field } = LossParameterSchema;
  const has = (name: keyof typeof field) => isFieldSet(param, field[name]);
  const old = has("normalize") && !has("normalization");
  const mode = old ? (param.normalize ? Mode.VALID : Mode.BATCH_SIZE) : param.normalization;
  const ignore = has("ignoreLabel") ? param.ignoreLabel : undefined;
  return { ignore, normalization: normalizations[mode], fixed: param.preFixedNormalizer };
}

const normalizations = {
  [Mode.FULL]: "full",
  [Mode.VALID]: "valid",
  [Mode.BATCH_SIZE]: "batchSize",
  [Mode.NONE]: "none",
  [Mode.PRE_FIXED]: "fixed",
} as const;

/**
 * Records a check of the labels before each use: each, except `ignore`, must be a class, 0 … classes − 1. Caffe checks
 * labels only in debug builds; other builds read beyond their arrays.
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
