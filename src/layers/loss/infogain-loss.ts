import { create, isFieldSet } from "@bufbuild/protobuf";
import type { Collapsed } from "../../core/kernels.js";
import type { OneOrMore } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { FloatArray, Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { blobValues, readBlobProto } from "../../proto/binary/index.js";
import { InfogainLossParameterSchema, LossParameterSchema } from "../../proto/gen/caffe_pb.js";
import { sourceOf } from "../../proto/source.js";
import { countOf, type Shape } from "../../util/shape.js";
import { checkLabels, collapseClasses, labelOptions, smallestProbability } from "./labels.js";
import { LossLayer } from "./loss.js";

/**
 * Multinomial logistic loss of the softmax of its scores, with a weight for each class from a K × K matrix H:
 * −Σ H(label, c)·log p(c)/normalizer over all labels and all classes c, with p at least 1e−20. With the identity for H
 * it is SoftmaxWithLoss.
 *
 * Bottoms: scores, with K classes on `infogain_loss_param.axis`; labels, one for each prediction, classes as whole
 * numbers from 0; and H, unless a file gives it: K·K values of any shape, a row for each label.
 * Tops: the loss, a scalar; with two, the softmax too (then `loss_weight` must be given twice).
 * Gradient for the scores: (p(c)·Σ H(label, ·) − H(label, c))·dloss/normalizer, 0 for ignored labels; labels and H
 * have none. Over the classes it sums to 0: the gradient of a bias that all classes share is nothing but rounding.
 *
 * `infogain_loss_param`: `source` (a binaryproto of H; not read if H is a bottom), `axis` (1). `loss_param`:
 * `ignore_label` (none), `normalization` (VALID) as in SoftmaxWithLoss; `normalize` is refused, as in Caffe.
 * Labels out of range are an error here.
 */
export class InfogainLossLayer extends LossLayer {
  static readonly type = "InfogainLoss";
  static override readonly forkFields = ["loss_param.pre_fixed_normalizer"];
  override readonly bottomCount = [2, 3] as const;
  override readonly topCount = [1, 2] as const;
  override readonly withoutGradient = { 1: "its labels", 2: "its matrix" };
  readonly #param = this.message.infogainLossParam ?? create(InfogainLossParameterSchema);
  /** H, if a file gives it. */
  #matrix: Float32Array | undefined;
  #prob: Span | undefined;

  override async inspect(): Promise<void> {
    if (this.message.bottom.length > 2) return;
    const { source } = this.#param;
    const { files } = this.context;
    this.check(source !== "", "MOKA_FIELD", "infogain_loss_param.source must be given, or a third bottom");
    const path = await files.resolve(source, sourceOf(this.message)?.file);
    this.#matrix = blobValues(readBlobProto(await files.read(path), path)).data;
  }

  override assumedShapes(): readonly Shape[] {
    return [[]];
  }

  override setup(bottom: readonly Shape[]): void {
    super.setup(bottom);
    const loss = this.message.lossParam;
    this.check(
      !loss || !isFieldSet(loss, LossParameterSchema.field.normalize),
      "MOKA_FIELD",
      "does not take loss_param.normalize: give normalization, VALID for true, BATCH_SIZE for false",
    );
  }

  override topShapes([scores, labels, matrix]: readonly [Shape, Shape, ...Shape[]]): readonly Shape[] {
    const [loss = []] = super.topShapes([scores, labels]);
    const { dim } = this.#collapse(scores, labels);
    const count = matrix ? countOf(matrix) : this.#matrix?.length;
    this.check(
      count === dim * dim,
      "MOKA_SHAPE",
      `${dim} classes need a matrix H of ${dim * dim} values; ` +
        `${matrix ? "the third bottom" : this.#param.source} has ${count}`,
    );
    return [loss, scores];
  }

  override forward(
    k: Recorder,
    [scores, labels, matrix]: readonly [Tensor, Tensor, ...Tensor[]],
    [loss, probTop]: OneOrMore<Tensor>,
  ): void {
    const collapsed = this.#collapse(scores.shape, labels.shape);
    const prob = probTop?.data ?? k.span("prob", scores.count);
    this.#prob = prob;
    k.softmax({ x: scores.data, y: prob, ...collapsed });
    checkLabels(k, this, labels, collapsed.dim, labelOptions(this.message.lossParam).ignore);
    const run = () => {
      const [p, h] = [prob.array, this.#rowsOf(matrix)];
      let total = 0;
      const count = this.#eachLabel(labels, collapsed, (label, first) => {
        for (let c = 0; c < collapsed.dim; c++) {
          const weight = h[label * collapsed.dim + c] ?? 0;
          total -= weight * Math.log(Math.max(p[first + c * collapsed.inner] ?? 0, smallestProbability));
        }
      });
      loss.data.array[0] = total / this.#normalizer(count, collapsed);
    };
    k.host("infogain loss", run, { reads: [prob, ...dataOf(labels, matrix)], writes: [loss.data] });
  }

  override backward(
    k: Recorder,
    [loss]: [Tensor],
    [wanted]: readonly boolean[],
    [scores, labels, matrix]: readonly [Tensor, Tensor, ...Tensor[]],
  ): void {
    const prob = this.#prob;
    if (!wanted || !prob) return;
    const collapsed = this.#collapse(scores.shape, labels.shape);
    const { dim, inner } = collapsed;
    const run = () => {
      const [p, dx, h] = [prob.array, scores.diff.array, this.#rowsOf(matrix)];
      const count = this.#eachLabel(labels, collapsed, () => {});
      const multiplier = (loss.diff.array[0] ?? 0) / this.#normalizer(count, collapsed);
      dx.fill(0);
      this.#eachLabel(labels, collapsed, (label, first) => {
        let sum = 0;
        for (let c = 0; c < dim; c++) sum += h[label * dim + c] ?? 0;
        for (let c = 0; c < dim; c++) {
          const i = first + c * inner;
          dx[i] = multiplier * ((p[i] ?? 0) * sum - (h[label * dim + c] ?? 0));
        }
      });
    };
    const reads = [prob, loss.diff, ...dataOf(labels, matrix)];
    k.host("infogain loss gradient", run, { reads, writes: [scores.diff] });
  }

  #collapse(scores: Shape, labels: Shape): Collapsed {
    return collapseClasses(this, scores, labels, this.#param.axis, "infogain_loss_param.axis");
  }

  #rowsOf(matrix: Tensor | undefined): FloatArray {
    return matrix?.data.array ?? this.#matrix ?? new Float32Array(0);
  }

  /** Visits every label that is not ignored, with the index of its first score; the next scores are `inner` apart. */
  #eachLabel(labels: Tensor, collapsed: Collapsed, visit: (label: number, first: number) => void): number {
    const { ignore } = labelOptions(this.message.lossParam);
    const values = labels.data.array;
    let count = 0;
    for (let i = 0; i < values.length; i++) {
      const label = Math.trunc(values[i] ?? 0);
      if (label === ignore) continue;
      visit(label, Math.floor(i / collapsed.inner) * collapsed.dim * collapsed.inner + (i % collapsed.inner));
      count++;
    }
    return count;
  }

  #normalizer(valid: number, { outer, inner }: Collapsed): number {
    const { normalization, fixed = 1 } = labelOptions(this.message.lossParam);
    return Math.max(1, { full: outer * inner, valid, batchSize: outer, none: 1, fixed }[normalization]);
  }
}

function dataOf(...tensors: readonly (Tensor | undefined)[]): Span[] {
  return tensors.flatMap((tensor) => tensor?.data ?? []);
}
