import { create } from "@bufbuild/protobuf";
import { Layer, type OneOrMore } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { FloatArray } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { CTCDecoderParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";

/**
 * Reads sequences off the scores of a net that CTCLoss trained: the best class of each frame, each once where it lasts, without blanks.
 *
 * Bottoms: scores (T, N, C), perhaps with axes of size 1; of equal scores, the first class is the best. With this alone, top (N, T, 1, 1): the
 * classes of each sequence, then −1. With labels (N, L) as a second bottom, which blanks are taken out of and the first negative one ends, top
 * (1, 2, 1, 1): 1 − the mean edit distance, each divided by the length of the longer of the two, and the share of sequences without a mistake.
 * Two empty sequences have distance 0, but do not count as without a mistake, as in the fork. No gradient.
 *
 * `ctc_decoder_param`: `blank_index` (0; below 0: the last class), `ctc_merge_repeated` (true: a class that lasts is read once).
 *
 * Source: senlinuc's caffe_ocr, after ChWick's fork, whose form with indicators is not read. Dialect: caffe-ocr.
 */
export class CTCGreedyDecoderLayer extends Layer {
  static readonly type = "CTCGreedyDecoder";
  static override readonly group = "common";
  static override readonly paramField = "ctc_decoder_param";
  override readonly bottomCount = [1, 2] as const;
  override readonly topCount = 1;
  override readonly spareTops = "all";
  readonly #param = this.message.ctcDecoderParam ?? create(CTCDecoderParameterSchema);

  override allowForceBackward(): boolean {
    return false;
  }

  override takesIndices(bottom: number): boolean {
    return bottom === 1;
  }

  override topShapes([x, labels]: OneOrMore<Shape>): readonly Shape[] {
    const [T = 0, N = 0, classes = 0] = x;
    this.check(
      x.length >= 3 && countOf(x, 3) === 1 && classes > Math.max(this.#param.blankIndex, 0),
      "MOKA_SHAPE",
      `needs scores (T, N, C) with more classes than blank_index ${this.#param.blankIndex}; they are ${formatShape(x)}`,
    );
    this.check(
      labels === undefined || labels[0] === N,
      "MOKA_SHAPE",
      `${N} sequences need labels (${N}, L); they are ${formatShape(labels ?? [])}`,
    );
    return [labels ? [1, 2, 1, 1] : [N, T, 1, 1]];
  }

  /** The class of blanks in scores of this shape, and whether a class that lasts is read once. */
  reading([, , classes = 0]: Shape): { readonly blank: number; readonly mergesRepeated: boolean } {
    const { blankIndex, ctcMergeRepeated } = this.#param;
    return { blank: blankIndex < 0 ? classes - 1 : blankIndex, mergesRepeated: ctcMergeRepeated };
  }

  override forward(k: Recorder, [x, labels]: OneOrMore<Tensor>, [y]: [Tensor]): void {
    const [T = 0, N = 0, classes = 0] = x.shape;
    const { blank, mergesRepeated } = this.reading(x.shape);
    const decode = (n: number) => {
      const read: number[] = [];
      let before = -1;
      for (let t = 0; t < T; t++) {
        const best = largest(x.data.array, (t * N + n) * classes, classes);
        if (best !== blank && !(mergesRepeated && best === before)) read.push(best);
        before = best;
      }
      return read;
    };
    const run = () => {
      const to = y.data.array;
      to.fill(labels ? 0 : -1);
      let [wrong, right] = [0, 0];
      for (let n = 0; n < N; n++) {
        const read = decode(n);
        if (!labels) {
          to.set(read, n * T);
          continue;
        }
        const each = labels.count / N;
        const row = Array.from(labels.data.array.subarray(n * each, (n + 1) * each));
        const end = row.findIndex((label) => label < 0);
        const truth = (end < 0 ? row : row.slice(0, end)).map((label) => Math.trunc(label + 0.5));
        const wanted = truth.filter((label) => label !== blank);
        const most = Math.max(wanted.length, read.length);
        if (most === 0) continue;
        const distance = editDistance(wanted, read);
        wrong += distance / most;
        if (distance === 0) right++;
      }
      if (labels) to.set([1 - wrong / Math.max(N, 1), right / Math.max(N, 1)]);
    };
    const reads = labels ? [x.data, labels.data] : [x.data];
    k.host("ctc decoder", run, { reads, writes: [y.data] });
  }
}

/** The index of the largest of `count` values from `start` on. */
function largest(values: FloatArray, start: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if ((values[start + i] ?? 0) > (values[start + best] ?? 0)) best = i;
  return best;
}

/** The least number of values to insert, remove or replace. */
function editDistance(a: readonly number[], b: readonly number[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, value] of a.entries()) {
    const next = [i + 1];
    for (const [j, other] of b.entries()) {
      const replaced = (row[j] ?? 0) + (value === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
