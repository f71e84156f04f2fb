import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { FloatArray, Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { CTCLossParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { ctc } from "./ctc.js";
import { LossLayer } from "./loss.js";

/** The labels of a sequence, and how many of its frames are read. */
interface Target {
  readonly labels: readonly number[];
  readonly frames: number;
}

/** What the layers of connectionist temporal classification share: all but whether the gradient is of a mean, and the first label. */
export abstract class CtcLossBase extends LossLayer {
  static override readonly paramField = "ctc_loss_param";
  override readonly bottomCount = [2, 4] as const;
  override readonly withoutGradient = { 1: "its labels", 2: "its labels", 3: "its labels" };
  readonly #param = this.message.ctcLossParam ?? create(CTCLossParameterSchema);
  #gradient: Span | undefined;

  /** Whether the gradient is that of the mean over the sequences; else it is that of their sum, without the loss's own. */
  protected abstract readonly isMean: boolean;
  /** What is added to labels that come with indicators. */
  protected abstract labelOffset(blank: number): number;

  override setup(bottom: readonly Shape[]): void {
    super.setup(bottom);
    const { outputDelay, preprocessCollapseRepeated, ctcMergeRepeated, lossCalculationT } = this.#param;
    this.check(
      outputDelay === 0 && !preprocessCollapseRepeated && ctcMergeRepeated && lossCalculationT === 0,
      "MOKA_UNSUPPORTED",
      "output_delay, preprocess_collapse_repeated, ctc_merge_repeated and loss_calculation_t must have their defaults",
    );
  }

  override topShapes([x, ...rest]: readonly [Shape, ...Shape[]]): readonly Shape[] {
    const [T = 0, N = 0, classes = 0] = x;
    this.check(
      x.length >= 3 && countOf(x, 3) === 1 && this.#param.blankIndex < classes,
      "MOKA_SHAPE",
      `needs scores (T, N, C) with more classes than blank_index ${this.#param.blankIndex}; they are ${formatShape(x)}`,
    );
    const labels = rest.at(-1) ?? [];
    const counts = rest.slice(0, -1).map((shape) => countOf(shape));
    const fits =
      rest.length === 1
        ? labels[0] === N || (labels.length === 1 && N === 1)
        : labels[1] === N &&
          countOf(labels, 2) === 1 &&
          counts.every((count) => count === (rest.length === 2 ? T * N : N));
    this.check(
      fits,
      "MOKA_SHAPE",
      `${N} sequences of ${T} frames need labels (N, L), or (T, N) and (L, N), or (N), (N) and (L, N); there are ` +
        rest.map(formatShape).join(", "),
    );
    return [[]];
  }

  override forward(k: Recorder, [x, ...rest]: readonly [Tensor, ...Tensor[]], [loss]: [Tensor]): void {
    const [T = 0, N = 0, classes = 0] = x.shape;
    const gradient = k.span("gradient", x.count);
    this.#gradient = gradient;
    const blank = this.#param.blankIndex < 0 ? classes - 1 : this.#param.blankIndex;
    const run = () => {
      gradient.array.fill(0);
      let total = 0;
      const arrays = rest.map(({ data }) => data.array);
      for (let n = 0; n < N; n++) {
        const { labels, frames } = this.#target(arrays, n, T, N, blank);
        const wrong = labels.find((label) => !(label >= 0 && label < classes) || label === blank);
        this.check(
          wrong === undefined,
          "MOKA_LABEL",
          `label ${wrong} of sequence ${n} is not one of its ${classes} classes, 0 to ${classes - 1}, without blank ${blank}`,
        );
        const sequence = { scores: x.data.array, start: n * classes, stride: N * classes, length: frames, classes };
        total += ctc(sequence, labels, blank, gradient.array);
      }
      loss.data.array[0] = total / Math.max(N, 1);
    };
    const reads = [x, ...rest].map(({ data }) => data);
    k.host("ctc loss", run, { reads, writes: [gradient, loss.data] });
  }

  override backward(k: Recorder, [loss]: [Tensor], [wanted]: readonly boolean[], [x]: readonly [Tensor]): void {
    const gradient = this.#gradient;
    if (!gradient || !wanted) return;
    const alpha = 1 / Math.max(x.shape[1] ?? 0, 1);
    if (this.isMean) k.scaleBy({ x: gradient, multiplier: loss.diff, y: x.diff, alpha });
    else k.copy({ x: gradient, y: x.diff });
  }

  #target(bottoms: readonly FloatArray[], n: number, T: number, N: number, blank: number): Target {
    const [first = [], second = []] = bottoms;
    const last = bottoms.at(-1) ?? [];
    if (bottoms.length === 1) {
      const each = last.length / N;
      const labels = Array.from(last.slice(n * each, (n + 1) * each), Math.trunc);
      return { labels: labels.filter((label) => !(label < 0) && label !== blank), frames: T };
    }
    const column = Array.from({ length: last.length / N }, (_, i) => last[i * N + n] ?? 0);
    if (bottoms.length === 2) {
      const end = column.findIndex((label) => label < 0);
      const offset = this.labelOffset(blank);
      const labels = (end < 0 ? column : column.slice(0, end)).map((label) => Math.trunc(label + 0.5) + offset);
      let frames = 1;
      while (frames < T && Math.trunc((first[frames * N + n] ?? 0) + 0.5) !== 0) frames++;
      return { labels, frames: labels.length === 0 ? 0 : frames };
    }
    const [frames, count] = [Math.trunc(first[n] ?? 0), Math.trunc(second[n] ?? 0)];
    this.check(
      frames >= 0 && frames <= T && count >= 0 && count <= column.length,
      "MOKA_DATA",
      `sequence ${n} is said to have ${frames} of ${T} frames, and ${count} of ${column.length} labels`,
    );
    return { labels: column.slice(0, count).map(Math.trunc), frames };
  }
}
