import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import type { LayerParameter } from "../../proto/gen/caffe_pb.js";
import { computedForkFields } from "./batch-norm-forks.js";
import { BatchNormNvidiaLayer } from "./batch-norm-nvidia.js";
import { writtenGlobalStats } from "./batch-norm-param.js";
import { correctionOf, type Moved, moveAverages } from "./batch-norm-ranks.js";

/**
 * BatchNorm of Intel's fork, as its MKL engines run it: BatchNorm with the learned scale and shift inside, and, with `relu`, the
 * ReLU behind them. Also what a BatchNorm is whose weights have four or five blobs and whose fields do not tell the fork.
 *
 * Bottom, top, statistics, averages and their factor are those of BVLC's BatchNorm. y = scale·x̂ + bias, x̂ being that layer's top;
 * with `relu: true` y = max(0, scale·x̂ + bias), in TEST only: Moka does not compute its gradient.
 * Gradient, with d = dy·scale: that of BatchNorm for d; dscale = Σ dy·x̂, dbias = Σ dy.
 *
 * Parameters: 0 M (C), 1 V (C), 2 their factor (1), which never learn; then 3 scale (C), with `use_weight_bias`; then 4 bias (C), with
 * `use_weight_bias` and `bias_term`. Weights load in the orders of NVIDIA's layer too.
 *
 * `batch_norm_param`: those of BatchNorm; `use_weight_bias` (true), `bias_term` (true), `filler` (constant 1), `bias_filler`
 * (constant 0), `relu` (false). Ignored: `engine`. Intel's engine CAFFE ignores all of them and has three blobs: where the weights
 * have three, the layer is BVLC's. Not computed: `stats_batch_size` in TRAIN.
 *
 * Where several ranks train the net together, it does what NVIDIA's layer does.
 *
 * Source: intel/caffe, mkldnn_batch_norm_layer.cpp.
 */
export class BatchNormIntelLayer extends BatchNormNvidiaLayer {
  static override readonly forkFields = computedForkFields("intel");

  protected override get scaleParams(): number {
    const { useWeightBias, biasTerm } = this.param;
    if (!useWeightBias) return 0;
    return biasTerm && this.context.blobsOf?.(this.name) !== 4 ? 2 : 1;
  }

  override get eps(): number {
    return this.param.eps;
  }

  override get usesGlobalStats(): boolean {
    return writtenGlobalStats(this.message) ?? this.phase === "TEST";
  }

  override setup(): void {
    super.setup();
    const { relu } = this.param;
    this.check(
      !relu || this.phase === "TEST",
      "MOKA_UNSUPPORTED",
      "batch_norm_param { relu: true } puts a ReLU into it, which Moka computes in TEST only; write the ReLU as a layer behind it",
    );
  }

  protected override specs(specs: LayerParameter["param"]): LayerParameter["param"] {
    return specs.map((spec, index) => (index < 3 ? Object.assign(spec, { lrMult: 0 }) : spec));
  }

  protected override learns(written = false): boolean {
    return written;
  }

  protected override get scaleFiller() {
    return this.param.filler;
  }

  protected override get firstValues(): readonly number[] {
    return [0, 0, 0];
  }

  override forward(k: Recorder, bottom: [Tensor], top: [Tensor]): void {
    super.forward(k, bottom, top);
    const y = top[0].data;
    if (this.param.relu) k.relu({ x: y, y, negativeSlope: 0 });
  }

  protected override stored(k: Recorder, averages: Pick<Moved, "runningMean" | "runningVariance" | "factor">) {
    const { count } = averages.runningMean;
    const [mean, variance] = [k.span("mean", count), k.span("variance", count)];
    k.batchNormGlobal({ ...averages, mean, variance });
    return { mean, variance };
  }

  protected override recordAverages(k: Recorder, { count, ...moved }: Moved): void {
    k.batchNormAverage({ ...moved, fraction: this.param.movingAverageFraction, correction: correctionOf(count) });
  }

  protected override moveAverages(moved: Moved, ...statistics: [ArrayLike<number>, ArrayLike<number>, number]): void {
    moveAverages({ ...moved, fraction: this.param.movingAverageFraction }, ...statistics);
  }
}
