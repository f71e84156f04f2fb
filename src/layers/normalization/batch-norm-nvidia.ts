import { create } from "@bufbuild/protobuf";
import type { BatchStatistics, ParamDeclaration } from "../../core/layer.js";
import type { LayerUse } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { type BlobProto, FillerParameterSchema, ParamSpecSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../../util/shape.js";
import { NeuronLayer } from "../activation/neuron.js";
import { checkForkFields, computedForkFields } from "./batch-norm-forks.js";
import { batchNormParam } from "./batch-norm-param.js";
import type { Moved } from "./batch-norm-ranks.js";
import { divided, inFusedOrder } from "./blob-layouts.js";
import { channelsOf, recordScale, recordScaleGradient } from "./bn-channels.js";

/** The least `eps`, as cuDNN has it. */
export const leastEps = Math.fround(1e-5);

/**
 * BatchNorm of NVIDIA's fork: batch normalization with the learned scale and shift inside, which `scale_bias: true` or one of the
 * two fillers asks for. Without them the averages still are as here, if the net is said to be for this fork.
 *
 * Bottom x of one or more axes, channels on axis 1 (with one axis, one channel); top y of the same shape; works in place.
 *
 * In TRAIN: y = scale·x̂ + bias, x̂ = (x − mean)/√(var + e), var biased, e the larger of `eps` and 1e-5. The first two forwards of
 * a run copy mean and var + e into the averages M and V; each later one moves them: M ← f·M + (1 − f)·mean, and V by var + e
 * in the same way, f being `moving_average_fraction`. The number of forwards is kept with the state of a run, not with the weights:
 * the first two forwards of a finetuning forget the averages that were loaded.
 * In TEST: x̂ = (x − M)/√(V + e). So e is added twice, as on the fork's CPU; cuDNN keeps the unbiased variance without it.
 *
 * Gradient, with d = dy·scale: dx = (d − mean(d) − x̂·mean(d·x̂))/√(var + e); dscale = Σ dy·x̂, dbias = Σ dy. In TEST
 * dx = d/√(V + e), where the fork uses what the last forward in TRAIN has left. Gradients of parameters are added up over
 * `iter_size`; the fork keeps the last.
 *
 * Parameters: 0 M (C), 1 V (C), 2 a factor (1), which is 1 and is not used, 3 scale (C), 4 bias (C). Whatever the prototxt says,
 * `lr_mult` and `decay_mult` are 0 for the first three and 1 for scale and bias.
 * Weights also load in the order of NVIDIA's 0.15 (DIGITS: scale, bias, mean, variance, one value), and of 0.14; where there are
 * three blobs, BVLC's too: they are divided by their factor, which becomes 1.
 *
 * `batch_norm_param`: `scale_bias` (false), `scale_filler` (constant 1) and `bias_filler` (constant 0), `moving_average_fraction`
 * (0.999), `eps` (1e-5). Ignored: `use_global_stats`, as by the fork's CPU code, and `engine`.
 *
 * Where several ranks train the net together, each normalizes by its own batch, also if BatchNorm is synchronized. The averages
 * move by the statistics of all ranks together, by `batchStatistics`, or are rank 0's alone, as for BatchNorm.
 *
 * Source: NVIDIA/caffe, branch caffe-0.17.
 */
export class BatchNormNvidiaLayer extends NeuronLayer {
  static readonly type = "BatchNorm";
  static override readonly forkFields: readonly string[] = computedForkFields("nvidia");
  static override readonly group = "normalization";
  override readonly paramsByChannel = true;
  override readonly ignoresPropagateDown = true;
  protected readonly param = batchNormParam(this.message);
  override readonly paramCount: number = this.scaleParams + 3;
  #variance: Span | undefined;
  #normalized: Span | undefined;
  #statistics: BatchStatistics | undefined;
  /** The number of forwards in TRAIN so far, counted up to 2. */
  #forwards = 0;

  /** The number of parameters that scale and shift: scale, bias. */
  protected get scaleParams(): number {
    const { scaleBias, scaleFiller, biasFiller } = this.param;
    return scaleBias || scaleFiller || biasFiller || (this.context.blobsOf?.(this.name) ?? 3) > 3 ? 2 : 0;
  }

  /** What is added to variances. */
  get eps(): number {
    return Math.max(this.param.eps, leastEps);
  }

  /** Whether this layer normalizes by its averages instead of by the batch. */
  get usesGlobalStats(): boolean {
    return this.phase === "TEST";
  }

  override adoptBlobs(blobs: readonly BlobProto[], _origin: string): readonly BlobProto[] {
    return this.paramCount === 3 ? divided(blobs) : inFusedOrder(blobs);
  }

  override setup(): void {
    checkForkFields(this, this.param);
    const specs = this.message.param;
    const count = this.paramCount;
    this.check(specs.length <= count, "MOKA_FIELD", `has ${specs.length} param specs, but ${count} parameters`);
    this.message.param = this.specs(Array.from({ length: count }, (_, i) => specs[i] ?? create(ParamSpecSchema)));
  }

  /** Completes the param specs, one for each parameter. */
  protected specs(specs: (typeof this.message)["param"]): (typeof this.message)["param"] {
    const rates = (mult: number) => ({ lrMult: mult, decayMult: mult });
    return specs.map((spec, index) => Object.assign(spec, rates(index < 3 ? 0 : 1)));
  }

  /** Whether scale or bias gets a gradient, by what the prototxt says: here its `lr_mult` does not count. */
  protected learns(_written: boolean | undefined): boolean {
    return true;
  }

  override topShapes(bottom: readonly [Shape]): readonly Shape[] {
    this.check(bottom[0].length >= 1, "MOKA_SHAPE", "needs a bottom of one axis or more, not a scalar");
    return bottom;
  }

  override declareParams([x]: readonly [Shape]): readonly ParamDeclaration[] {
    const constant = (value: number) => create(FillerParameterSchema, { type: "constant", value });
    const { channels } = channelsOf(x);
    const averages = [[channels], [channels], [1]].map((shape, i) => ({
      shape,
      filler: constant(this.firstValues[i] ?? 0),
    }));
    const fillers = [this.scaleFiller ?? constant(1), this.param.biasFiller ?? constant(0)].slice(0, this.scaleParams);
    return [...averages, ...fillers.map((filler) => ({ shape: [channels], filler }))];
  }

  protected get scaleFiller() {
    return this.param.scaleFiller;
  }

  /** What M, V and the factor are filled with. */
  protected get firstValues(): readonly number[] {
    return [0, 0, 1];
  }

  /** temp_NCHW_ and x_norm_ with their diffs; temp_NC_, ones_HW_. */
  override caffeBuffers({ bottom: [x = []], backward }: LayerUse): number {
    return (backward ? 4 : 2) * countOf(x) + countOf(x, 0, 2) + countOf(x, 2);
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const [runningMean, runningVariance, factor, scale, bias] = this.params.map(({ data }) => data) as [
      ...[Span, Span, Span],
      ...(Span | undefined)[],
    ];
    const size = channelsOf(x.shape);
    const { eps } = this;
    if (this.usesGlobalStats) {
      const { mean, variance } = this.stored(k, { runningMean, runningVariance, factor });
      this.#variance = variance;
      k.normalize({ x: x.data, mean, variance, y: y.data, eps, ...size });
    } else {
      const mean = k.span("mean", size.channels);
      const variance = k.span("variance", size.channels);
      this.#variance = variance;
      const moved = { mean, variance, runningMean, runningVariance, factor, count: size.n * size.inner };
      const { communicator, averagesOf } = this.ranks;
      const isLater = communicator.size > 1 && averagesOf !== "root";
      if (isLater) this.#noteStatistics(k, moved);
      k.batchNorm({ x: x.data, y: y.data, mean, variance, eps, ...size });
      if (!isLater) this.recordAverages(k, moved);
    }
    this.#normalized = undefined;
    if (k.needsBackward && (scale || !this.usesGlobalStats)) {
      this.#normalized = k.span("normalized", y.count);
      k.copy({ x: y.data, y: this.#normalized });
    }
    const zero = scale && !bias ? k.span("no shift", size.channels) : undefined;
    if (zero) k.fill({ y: zero, value: 0 });
    const shift = bias ?? zero;
    if (scale && shift) recordScale(k, y.data, scale, shift, size);
  }

  /** Records what gives the statistics that the layer normalizes by where it goes by its averages. */
  protected stored(
    _k: Recorder,
    { runningMean, runningVariance }: Pick<Moved, "runningMean" | "runningVariance" | "factor">,
  ): { readonly mean: Span; readonly variance: Span } {
    return { mean: runningMean, variance: runningVariance };
  }

  /** Records what moves the averages by the statistics of the batch. */
  protected recordAverages(k: Recorder, moved: Moved): void {
    const { mean, variance, runningMean, runningVariance } = moved;
    const run = () => this.moveAverages(moved, mean.array, variance.array, moved.count);
    const averages = [runningMean, runningVariance];
    k.host("move averages", run, { reads: [mean, variance, ...averages], writes: averages });
  }

  /** Moves the averages by these statistics of `count` values a channel; the variance is biased. */
  protected moveAverages(
    { runningMean, runningVariance }: Moved,
    mean: ArrayLike<number>,
    variance: ArrayLike<number>,
    _count: number,
  ): void {
    const fraction = this.param.movingAverageFraction;
    const keeps = this.#forwards < 2 ? 0 : fraction;
    const [means, variances] = [runningMean.array, runningVariance.array];
    for (let c = 0; c < means.length; c++) {
      const [m, v] = [mean[c] as number, (variance[c] as number) + this.eps];
      means[c] = keeps === 0 ? m : keeps * (means[c] as number) + (1 - fraction) * m;
      variances[c] = keeps === 0 ? v : keeps * (variances[c] as number) + (1 - fraction) * v;
    }
    this.#forwards = Math.min(2, this.#forwards + 1);
  }

  /** Has the averages moved after each iteration, by the statistics of all ranks. */
  #noteStatistics(k: Recorder, moved: Moved): void {
    const average: BatchStatistics["average"] = (...all) => this.moveAverages(moved, ...all);
    const note = () => {
      this.#statistics = { ...moved, average };
    };
    k.host("note statistics", note, { reads: [moved.mean, moved.variance] });
  }

  override batchStatistics(): BatchStatistics | undefined {
    return this.#statistics;
  }

  override saveState(): unknown {
    return { forwards: this.#forwards };
  }

  override restoreState(state: unknown): void {
    const forwards = (state as { forwards?: unknown } | null | undefined)?.forwards;
    this.check(
      forwards === 0 || forwards === 1 || forwards === 2,
      "MOKA_DATA",
      "the state to go on from must be the number of forwards: 0, 1 or 2",
    );
    this.#forwards = forwards;
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor], learns: readonly boolean[]): void {
    const [, , , scale, bias] = this.params;
    const { eps } = this;
    const size = channelsOf(x.shape);
    const variance = this.#variance;
    const normalized = this.#normalized;
    const dx = wanted ? x.diff : undefined;
    if (scale) {
      const [dscale, dbias] = [
        this.learns(learns[3]) ? scale.diff : undefined,
        this.learns(learns[4]) ? bias?.diff : undefined,
      ];
      recordScaleGradient(k, { x: normalized, dy: y.diff, scale: scale.data, dx, dscale, dbias }, size);
    }
    if (!dx || !variance) return;
    const dy = scale ? dx : y.diff;
    if (normalized && !this.usesGlobalStats) k.batchNormBackward({ y: normalized, dy, variance, dx, eps, ...size });
    else k.normalize({ x: dy, mean: undefined, variance, y: dx, eps, ...size });
  }
}
