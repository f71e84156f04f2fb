import { create } from "@bufbuild/protobuf";
import type { BatchStatistics, ParamDeclaration } from "../../core/layer.js";
import type { LayerUse } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { BNParameterSchema, FillerParameterSchema, ParamSpecSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../../util/shape.js";
import { NeuronLayer } from "../activation/neuron.js";
import { channelsOf, recordScale, recordScaleGradient } from "./bn-channels.js";

/**
 * BN of PSPNet: batch normalization with averages, and with the learned scale and shift inside.
 *
 * Bottom x of two or more axes, channels on axis 1; top y of the same shape; works in place. The statistics of a channel are
 * over its m values, N·H·W of them.
 *
 * In TRAIN: y = slope·x̂ + bias, x̂ = (x − mean)/√(var + eps), var biased (÷ m). Each forward then moves the averages:
 * M ← momentum·M + (1 − momentum)·mean, and V by var in the same way, without correction and without a factor.
 * In TEST, or with `frozen`: x̂ = (x − M)/√(V + eps). V starts at 0 (with `frozen` at 1), so an untrained net divides by √eps.
 *
 * Gradient, with d = dy·slope: dx = (d − mean(d) − x̂·mean(d·x̂))/√(var + eps); dslope = Σ dy·x̂, dbias = Σ dy. In TEST without
 * `frozen` it is the same formula with M and V, as in the fork, though they do not depend on x. With `frozen`
 * dx = d/√(V + eps), and slope and bias do not learn. Gradients of parameters are added up over `iter_size`; the fork keeps the last.
 *
 * Parameters: 0 slope, 1 bias, 2 M, 3 V, of shape (1, C, 1, 1); weights of shape (1, C) load too. M and V are never learned:
 * their `lr_mult` and `decay_mult` become 0 whatever is written; with `frozen` those of all four.
 * `bn_param`: `slope_filler` and `bias_filler` (constant 0, so a net without `slope_filler` gives 0), `momentum` (0.9), `eps`
 * (1e-5), `frozen` (false); `engine` is ignored.
 *
 * Where several ranks train the net together, each normalizes by its own batch, also if BatchNorm is synchronized. The averages move by the
 * statistics of all ranks together, by `batchStatistics`, or are rank 0's alone, as for BatchNorm.
 *
 * Source: yjxiong/caffe, PSPNet (Zhao et al. 2017); also in happynear's fork and L-Softmax. PSPNet's SyncBN is the same in one process.
 */
export class BNPspLayer extends NeuronLayer {
  static readonly type: string = "BN";
  static override readonly group = "normalization";
  override readonly paramsByChannel = true;
  static override readonly paramField: string | undefined = "bn_param";
  override readonly ignoresPropagateDown = true;
  override readonly paramCount = 4;
  readonly #param = this.message.bnParam ?? create(BNParameterSchema);
  readonly #frozen = this.#param.frozen;
  #variance: Span | undefined;
  #normalized: Span | undefined;
  #statistics: BatchStatistics | undefined;

  /** Whether this layer normalizes by its averages instead of by the batch. */
  get usesGlobalStats(): boolean {
    return this.#frozen || this.phase === "TEST";
  }

  override setup(): void {
    const specs = this.message.param;
    this.check(specs.length <= 4, "MOKA_FIELD", `has ${specs.length} param specs, but four parameters`);
    const { momentum, eps } = this.#param;
    this.check(
      momentum >= 0 && momentum <= 1,
      "MOKA_FIELD",
      `bn_param { momentum } must be from 0 to 1, not ${momentum}`,
    );
    this.check(eps >= 0, "MOKA_FIELD", `bn_param { eps } must be 0 or more, not ${eps}`);
    this.message.param = Array.from({ length: 4 }, (_, index) => {
      const spec = specs[index] ?? create(ParamSpecSchema);
      return index < 2 && !this.#frozen ? spec : Object.assign(spec, { lrMult: 0, decayMult: 0 });
    });
  }

  override topShapes(bottom: readonly [Shape]): readonly Shape[] {
    this.check(bottom[0].length >= 2, "MOKA_SHAPE", `needs a bottom of two axes or more, not ${bottom[0].length}`);
    return bottom;
  }

  override declareParams([x]: readonly [Shape]): readonly ParamDeclaration[] {
    const shape = [1, x[1] ?? 1, 1, 1];
    const constant = (value: number) => create(FillerParameterSchema, { type: "constant", value });
    const { slopeFiller = constant(0), biasFiller = constant(0) } = this.#param;
    return [slopeFiller, biasFiller, constant(0), constant(this.#frozen ? 1 : 0)].map((filler) => ({ shape, filler }));
  }

  /** broadcast_buffer_ and x_norm_; spatial_statistic_ and the multipliers of sums. */
  override caffeBuffers({ bottom: [x = []] }: LayerUse): number {
    return 2 * countOf(x) + countOf(x, 0, 2) + countOf(x, 2);
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const [slope, bias, runningMean, runningVariance] = this.params.map(({ data }) => data) as [Span, Span, Span, Span];
    const { eps, momentum } = this.#param;
    const size = channelsOf(x.shape);
    this.#normalized = undefined;
    if (this.usesGlobalStats) {
      this.#variance = runningVariance;
      k.normalize({ x: x.data, mean: runningMean, variance: runningVariance, y: y.data, eps, ...size });
    } else {
      const mean = k.span("mean", size.channels);
      const variance = k.span("variance", size.channels);
      this.#variance = variance;
      const { communicator, averagesOf } = this.ranks;
      const isLater = communicator.size > 1 && averagesOf !== "root";
      if (isLater) this.#noteStatistics(k, mean, variance, size.n * size.inner);
      k.batchNorm({ x: x.data, y: y.data, mean, variance, eps, ...size });
      if (!isLater) {
        const coefficients = [momentum, 1 - momentum];
        k.sum({ xs: [runningMean, mean], coefficients, y: runningMean });
        k.sum({ xs: [runningVariance, variance], coefficients, y: runningVariance });
      }
    }
    if (k.needsBackward && !this.#frozen) {
      this.#normalized = k.span("normalized", y.count);
      k.copy({ x: y.data, y: this.#normalized });
    }
    recordScale(k, y.data, slope, bias, size);
  }

  /** Moves the averages after each iteration, by the statistics of all ranks. */
  #noteStatistics(k: Recorder, mean: Span, variance: Span, count: number): void {
    const { momentum } = this.#param;
    const [, , runningMean, runningVariance] = this.params.map(({ data }) => data) as [Span, Span, Span, Span];
    const move = (running: Span, by: Float64Array) => {
      const { array } = running;
      for (let c = 0; c < array.length; c++) {
        array[c] = momentum * (array[c] as number) + (1 - momentum) * (by[c] as number);
      }
    };
    const average: BatchStatistics["average"] = (means, variances) => {
      move(runningMean, means);
      move(runningVariance, variances);
    };
    const note = () => {
      this.#statistics = { mean, variance, count, average };
    };
    k.host("note statistics", note, { reads: [mean, variance] });
  }

  override batchStatistics(): BatchStatistics | undefined {
    return this.#statistics;
  }

  override backward(
    k: Recorder,
    [y]: [Tensor],
    [wanted]: [boolean],
    [x]: [Tensor],
    [learnsSlope = false, learnsBias = false]: readonly boolean[],
  ): void {
    const [slope, bias] = this.params as readonly [Tensor, Tensor];
    const { eps } = this.#param;
    const size = channelsOf(x.shape);
    const variance = this.#variance;
    const normalized = this.#normalized;
    const dslope = learnsSlope ? slope.diff : undefined;
    const dbias = learnsBias ? bias.diff : undefined;
    const dx = wanted ? x.diff : undefined;
    recordScaleGradient(k, { x: normalized, dy: y.diff, scale: slope.data, dx, dscale: dslope, dbias }, size);
    if (!dx || !variance) return;
    if (normalized) k.batchNormBackward({ y: normalized, dy: dx, variance, dx, eps, ...size });
    else k.normalize({ x: dx, mean: undefined, variance, y: dx, eps, ...size });
  }
}
