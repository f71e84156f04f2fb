import { create } from "@bufbuild/protobuf";
import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { SegAccuracyParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";

/**
 * How well pixels are classified: by a matrix of how often each class was taken for each.
 *
 * Bottoms: scores (N, C, H, W); labels (N, 1, H, W), classes as whole numbers from 0. Top (1, 1, 1, 3): the share of pixels that are
 * right; the mean share of right pixels over the classes that have labels; the mean over all classes of intersection/union of a
 * class's labels and predictions, where a class with neither counts as 1, as in the fork. All are 0 without a label that counts, but
 * the last is 1. The prediction is the class with the highest score, of equals the last. No gradient.
 *
 * `seg_accuracy_param`: `ignore_label` (none, any number of them), `reset` (true: the matrix starts again with each forward; false:
 * it goes on, and is a part of a saved state). `metric` is read and ignored, as in the fork. Labels out of range are an error.
 *
 * Source: DeepLab (Chen et al. 2014) and PSPNet (Zhao et al. 2017). Dialects: deeplab-v2, pspnet, synopsys.
 */
export class SegAccuracyLayer extends Layer {
  static readonly type = "SegAccuracy";
  static override readonly group = "segmentation";
  static override readonly paramField = "seg_accuracy_param";
  override readonly bottomCount = 2;
  override readonly topCount = 1;
  override readonly spareTops = "all";
  readonly #param = this.message.segAccuracyParam ?? create(SegAccuracyParameterSchema);
  /** Row by row: labels, then predictions. */
  #matrix = new Float64Array(0);

  override takesIndices(bottom: number): boolean {
    return bottom === 1;
  }

  override setup([scores = []]: readonly Shape[]): void {
    this.#matrix = new Float64Array((scores[1] ?? 0) ** 2);
  }

  override topShapes([scores = [], labels = []]: readonly Shape[]): readonly Shape[] {
    const [n, channels = 0, h, w] = scores;
    this.check(
      scores.length === 4 && channels > 0 && formatShape(labels) === formatShape([n ?? 0, 1, h ?? 0, w ?? 0]),
      "MOKA_SHAPE",
      `needs scores (N, C, H, W) and labels (N, 1, H, W); they are ${formatShape(scores)} and ${formatShape(labels)}`,
    );
    return [[1, 1, 1, 3]];
  }

  override forward(k: Recorder, [scores, labels]: [Tensor, Tensor], [y]: [Tensor]): void {
    const [images = 0, classes = 0] = scores.shape;
    const pixels = countOf(scores.shape, 2);
    const ignored = new Set(this.#param.ignoreLabel);
    const { reset } = this.#param;
    const [best, winner] = [new Float64Array(pixels), new Int32Array(pixels)];
    const run = () => {
      const [x, label] = [scores.data.array, labels.data.array];
      if (this.#matrix.length !== classes * classes) this.#matrix = new Float64Array(classes * classes);
      if (reset) this.#matrix.fill(0);
      for (let image = 0; image < images; image++) {
        best.fill(Number.NEGATIVE_INFINITY);
        winner.fill(0);
        for (let c = 0; c < classes; c++) {
          const start = (image * classes + c) * pixels;
          for (let i = 0; i < pixels; i++) {
            const score = x[start + i] ?? 0;
            if (!(score >= (best[i] ?? 0))) continue;
            best[i] = score;
            winner[i] = c;
          }
        }
        for (let i = 0; i < pixels; i++) {
          const value = label[image * pixels + i] ?? 0;
          const target = Math.trunc(value);
          if (ignored.has(target)) continue;
          if (!(target >= 0 && target < classes)) {
            const where = `number ${image * pixels + i} of "${labels.name}"`;
            throw this.error(
              "MOKA_LABEL",
              `label ${value} (${where}) is not one of its ${classes} classes, 0 to ${classes - 1}, nor an ignore_label`,
            );
          }
          const at = target * classes + (winner[i] ?? 0);
          this.#matrix[at] = (this.#matrix[at] ?? 0) + 1;
        }
      }
      y.data.array.set(measures(this.#matrix, classes));
    };
    k.host("segmentation accuracy", run, { reads: [scores.data, labels.data], writes: [y.data] });
  }

  /** The counts, where they go on from forward to forward. */
  override saveState(): unknown {
    return this.#param.reset ? undefined : { counts: [...this.#matrix] };
  }

  override restoreState(state: unknown): void {
    if (this.#param.reset) return;
    const { counts } = (state ?? {}) as { counts?: unknown };
    const isRight =
      Array.isArray(counts) &&
      counts.length === this.#matrix.length &&
      counts.every((count) => Number.isInteger(count) && count >= 0);
    this.check(
      isRight,
      "MOKA_DATA",
      `the saved state must have ${this.#matrix.length} counts, one for each pair of classes`,
    );
    this.#matrix.set(counts as number[]);
  }
}

/** Accuracy, mean recall, mean intersection over union. */
function measures(matrix: Float64Array, classes: number): readonly number[] {
  const rows = new Float64Array(classes);
  const columns = new Float64Array(classes);
  matrix.forEach((count, at) => {
    const row = Math.trunc(at / classes);
    rows[row] = (rows[row] ?? 0) + count;
    columns[at % classes] = (columns[at % classes] ?? 0) + count;
  });
  const all = rows.reduce((a, b) => a + b, 0);
  let [right, recall, seen, overlap] = [0, 0, 0, 0];
  for (let c = 0; c < classes; c++) {
    const [both = 0, row = 0, column = 0] = [matrix[c * classes + c], rows[c], columns[c]];
    right += both;
    if (row > 0) {
      recall += both / row;
      seen++;
    }
    const union = row + column - both;
    overlap += both === union ? 1 : both / union;
  }
  return [all > 0 ? right / all : 0, seen > 0 ? recall / seen : 0, overlap / classes];
}
