import { create } from "@bufbuild/protobuf";
import type { LayerVariants } from "../../core/catalog.js";
import type { BatchStatistics, ParamDeclaration } from "../../core/layer.js";
import type { LayerUse } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { type BlobProto, FillerParameterSchema, ParamSpecSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../../util/shape.js";
import { NeuronLayer } from "../activation/neuron.js";
import { checkForkFields, chooseBatchNorm, computedForkFields } from "./batch-norm-forks.js";
import { BatchNormIntelLayer } from "./batch-norm-intel.js";
import { BatchNormNvidiaLayer } from "./batch-norm-nvidia.js";
import { batchNormParam, writtenGlobalStats } from "./batch-norm-param.js";
import { correctionOf, moveAverages, recordGradient, recordStatistics, type Total } from "./batch-norm-ranks.js";
import { checkBvlcBlobs } from "./blob-layouts.js";

/**
 * Batch normalization without scale and shift, which a Scale layer with `bias_term: true` adds.
 *
 * Bottom x of one or more axes, channels on axis 1 (with one axis, one channel); top y of the same shape;
 * works in place. The statistics of a channel are over its m values, N·H·W of them.
 *
 * With batch statistics: y = (x − mean)/√(var + eps), var biased (÷ m). Each forward then moves the
 * averages: s ← f·s + 1, M ← f·M + mean, V ← f·V + var·m/(m − 1), without correction where m is 1;
 * f is `moving_average_fraction`.
 * With global statistics: y = (x − M/s)/√(V/s + eps); where s is 0, M/s and V/s count as 0.
 *
 * Gradient with batch statistics: dx = (dy − mean(dy) − y·mean(dy·y))/√(var + eps); with global ones
 * dx = dy/√(V/s + eps). Wherever the layer runs backward, dx is computed, as in Caffe, even if nothing below learns.
 *
 * Rounding: over a channel, y and dx sum to 0 with batch statistics. What is computed of such a sum, as the gradient of a bias
 * right below, is nothing but rounding. Where the values of a channel hardly differ, their rounding grows in y by up to 1/√eps.
 *
 * Parameters, never learned (their `lr_mult` is 0, and must be 0 where given): 0 M (channels),
 * 1 V (channels), 2 s (1); all start at 0. Where Caffe decides which layers run backward, it counts a spec that the prototxt
 * lacks as `lr_mult: 1`: with fewer than three the layer and those behind it run backward, even if nothing in or before them
 * learns, and a layer there that has no gradient stops the training. Moka does the same, and better in one thing: gradients
 * that nothing reads, and that need not be kept, are not computed.
 *
 * `batch_norm_param`: `use_global_stats` (unset: false in TRAIN, true in TEST), `moving_average_fraction`
 * (0.999), `eps` (1e-5). A bottom of one axis works here; Caffe aborts on it.
 *
 * Where several ranks train the net together, each with its own batch, phase TRAIN and batch statistics:
 * - Synchronized, the statistics are those of all batches together, in forward and in the gradient, and m counts the values of
 *   all ranks. The layer then does what it does in one process with the whole batch. A rank's loss is the mean over its own
 *   batch, so its dx is as many times larger as there are ranks; the gradients of parameters are averaged over the ranks.
 * - Else each rank normalizes by its own batch, as in Caffe. The averages move by the statistics of all ranks together, by
 *   `batchStatistics`: the mean of the means, and the variance by the law of total variance. Or they are rank 0's alone, as in
 *   Caffe: then each rank moves its own.
 * In phase TEST each rank tests other batches. There, batch statistics are those of a rank's own batch, and move no averages
 * unless the averages are rank 0's alone: the ranks would no longer agree.
 *
 * Source: Ioffe and Szegedy 2015.
 */
export class BatchNormLayer extends NeuronLayer {
  static readonly type = "BatchNorm";
  static override readonly forkFields = computedForkFields();
  static readonly variants: LayerVariants = {
    classes: [BatchNormLayer, BatchNormNvidiaLayer, BatchNormIntelLayer],
    choose: (message, context) => {
      const fork = chooseBatchNorm(message, context);
      return fork === "nvidia" ? BatchNormNvidiaLayer : fork === "intel" ? BatchNormIntelLayer : BatchNormLayer;
    },
  };
  override readonly ignoresPropagateDown = true;
  static override readonly group = "normalization";
  readonly #param = batchNormParam(this.message);
  /** Spans for backward: the variance, and a copy of the normalized values, because a layer in place may overwrite y. */
  #variance: Span | undefined;
  #normalized: Span | undefined;
  /** Where the last recorded forward takes its statistics over all ranks: what it counts. */
  #total: Total | undefined;
  #statistics: BatchStatistics | undefined;
  override readonly paramCount = 3;

  /** Whether this layer normalizes by its averages instead of by the batch. */
  get usesGlobalStats(): boolean {
    return writtenGlobalStats(this.message) ?? this.phase === "TEST";
  }

  override adoptBlobs(blobs: readonly BlobProto[], origin: string): readonly BlobProto[] {
    return checkBvlcBlobs(this, blobs, origin);
  }

  override setup(): void {
    checkForkFields(this, this.#param);
    const specs = this.message.param;
    this.check(specs.length <= 3, "MOKA_FIELD", `has ${specs.length} param specs, but three parameters`);
    specs.forEach(({ lrMult }, index) => {
      this.check(
        lrMult === 0,
        "MOKA_FIELD",
        `param ${index} has lr_mult ${lrMult}: its statistics (mean, variance, factor) are computed, not learned; ` +
          "set lr_mult: 0 or drop its param specs",
      );
    });
    const fixed = Array.from({ length: 3 - specs.length }, () => create(ParamSpecSchema, { lrMult: 0 }));
    this.message.param = [...specs, ...fixed];
  }

  override topShapes(bottom: readonly [Shape]): readonly Shape[] {
    this.check(bottom[0].length >= 1, "MOKA_SHAPE", "needs a bottom of one axis or more, not a scalar");
    return bottom;
  }

  override declareParams([x]: readonly [Shape]): readonly ParamDeclaration[] {
    const { channels } = collapse(x);
    const filler = create(FillerParameterSchema, { type: "constant", value: 0 });
    return [[channels], [channels], [1]].map((shape) => ({ shape, filler }));
  }

  /** temp_ and x_norm_, which has a diff too if the layer works in place; the sums of each image's channels. */
  override caffeBuffers({ bottom: [x = []], inPlace, backward }: LayerUse): number {
    return (backward && inPlace ? 3 : 2) * countOf(x) + countOf(x, 0, 2) + countOf(x, 2);
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const [runningMean, runningVariance, factor] = this.params.map(({ data }) => data) as [Span, Span, Span];
    const size = collapse(x.shape);
    const mean = k.span("mean", size.channels);
    const variance = k.span("variance", size.channels);
    this.#variance = variance;
    this.#normalized = undefined;
    this.#total = undefined;
    const { eps, movingAverageFraction: fraction } = this.#param;
    if (this.usesGlobalStats) {
      k.batchNormGlobal({ runningMean, runningVariance, factor, mean, variance });
      k.normalize({ x: x.data, mean, variance, y: y.data, eps, ...size });
      return;
    }
    const averages = { runningMean, runningVariance, factor, fraction };
    const count = size.n * size.inner;
    const { communicator } = this.ranks;
    const mode = this.#mode;
    if (mode === "together") {
      const total: Total = { count: 0 };
      this.#total = total;
      const unbiased = recordStatistics(k, communicator, total, { x: x.data, mean, variance, ...averages, ...size });
      k.normalize({ x: x.data, mean, variance, y: y.data, eps, ...size });
      k.batchNormAverage({ mean, variance: unbiased, ...averages, correction: 1 });
    } else {
      if (mode === "later") {
        const average: BatchStatistics["average"] = (...all) => moveAverages(averages, ...all);
        const note = () => {
          this.#statistics = { mean, variance, count, average };
        };
        // The spans are read from outside. As spans that are read before they are written, they have memory of their own.
        k.host("note statistics", note, { reads: [mean, variance] });
      }
      k.batchNorm({ x: x.data, y: y.data, mean, variance, eps, ...size });
      if (mode === "alone") k.batchNormAverage({ mean, variance, ...averages, correction: correctionOf(count) });
    }
    if (k.needsBackward) {
      this.#normalized = k.span("normalized", y.count);
      k.copy({ x: y.data, y: this.#normalized });
    }
  }

  /**
   * Whose statistics move the averages: this rank's alone; those of all ranks together; those of all ranks, worked out after
   * each iteration by `batchStatistics`; or none.
   */
  get #mode(): "alone" | "together" | "later" | "never" {
    const { communicator, syncBatchNorm, averagesOf } = this.ranks;
    if (communicator.size === 1) return "alone";
    if (this.phase === "TEST") return averagesOf === "root" && !syncBatchNorm ? "alone" : "never";
    if (syncBatchNorm) return "together";
    return averagesOf === "root" ? "alone" : "later";
  }

  override batchStatistics(): BatchStatistics | undefined {
    return this.#statistics;
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    const variance = this.#variance;
    const normalized = this.#normalized;
    if (!wanted || !variance) return;
    const { eps } = this.#param;
    const size = collapse(x.shape);
    if (!normalized) {
      k.normalize({ x: y.diff, mean: undefined, variance, y: x.diff, eps, ...size });
      return;
    }
    const args = { y: normalized, dy: y.diff, variance, dx: x.diff, eps, ...size };
    if (this.#total) recordGradient(k, this.ranks.communicator, this.#total, args);
    else k.batchNormBackward(args);
  }
}

function collapse(shape: Shape) {
  return { n: shape[0] ?? 1, channels: shape[1] ?? 1, inner: countOf(shape, 2) };
}
