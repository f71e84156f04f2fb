import type { Layer } from "../../core/layer.js";
import type { Net } from "../../core/net.js";
import type { Tensor } from "../../core/tensor.js";
import { isForksNorm } from "../../layers/normalization/batch-norm-forks.js";
import { batchNormParam } from "../../layers/normalization/batch-norm-param.js";
import { countOf } from "../../util/shape.js";
import { upTo, type WorkOptions, watched } from "../../util/work.js";
import type { BatchSource } from "./batches.js";
import { feed } from "./fed-net.js";
import { type FirstBad, FirstBadFinder } from "./first-bad.js";
import { divergences, mean, statisticsIn } from "./fit.js";
import { Moments } from "./moments.js";
import { normBlobsIn } from "./norm-layers.js";
import { ScoreMean, type Scores } from "./outputs.js";

/** The difference between a BatchNorm that normalizes by the batch and the same with its averages, over all batches. */
export interface LayerGap {
  readonly name: string;
  readonly channels: number;
  /** N·H·W, the number of values of a channel in one batch. */
  readonly m: number;
  /**
   * ‖batch − global‖/‖batch‖ of the bottom: `batch` in the net whose BatchNorm layers all normalize by the
   * batch, `global` in the net where all normalize by their averages.
   */
  readonly inputError: number;
  /** The same of the top. */
  readonly outputError: number;
  /**
   * The divergence of the data's normal distribution from the stored one, KL(N(μ, σ²) ‖ N(M/s, V/s)), in nats: the mean
   * over the channels, and the channel with the largest. `eps` is added to both variances, as the layer does. μ and σ² are
   * of the bottom over all batches, in the net that normalizes by the batch, as in training.
   */
  readonly divergence: number;
  readonly worstChannel: number;
  readonly worstDivergence: number;
  /** The standard deviation of the batches' means ÷ the data's σ, root mean square over the channels; needs two batches. */
  readonly noise?: number;
}

export interface Comparison {
  readonly layers: readonly LayerGap[];
  readonly batch: Scores;
  readonly global: Scores;
  /** The first layer with a bad output in either net, if there is one. */
  readonly bad: { readonly global?: FirstBad; readonly batch?: FirstBad };
}

/**
 * Runs the same batches through two nets of the same layers. One normalizes by the batch, the other by its averages. Both
 * run one layer at a time, and each BatchNorm is compared just before and just after it runs. So no blob is stored longer
 * than the layers that read it need it.
 */
export async function compareStatistics(
  batchNet: Net,
  globalNet: Net,
  source: Pick<BatchSource, "next">,
  iterations: number,
  work: WorkOptions = {},
): Promise<Comparison> {
  const gaps = new Map<number, GapMeter>();
  const sideOf = (net: Net) => ({ net, scores: new ScoreMean(), bad: new FirstBadFinder() });
  const sides = { batch: sideOf(batchNet), global: sideOf(globalNet) };
  for await (const iteration of watched(upTo(iterations), { what: "batches", total: iterations }, work)) {
    const batch = await source.next();
    for (const net of [batchNet, globalNet]) feed(net, batch);
    for (const [index, { layer, bottom }] of batchNet.nodes.entries()) {
      const other = globalNet.nodes[index];
      const [x] = bottom;
      const isNorm = layer.type === "BatchNorm" && !isForksNorm(layer.message);
      const meter = isNorm && x && other ? (gaps.get(index) ?? new GapMeter(x, other.layer)) : undefined;
      if (meter) gaps.set(index, meter);
      meter?.before(x, other?.bottom[0]);
      for (const { net, bad } of Object.values(sides)) {
        await net.runForward(index, index);
        bad.look(net.nodes[index], iteration);
      }
      meter?.after(batchNet.nodes[index]?.top[0], other?.top[0]);
    }
    for (const { net, scores } of Object.values(sides)) scores.add(net);
  }
  const { batch, global } = sides;
  return {
    layers: [...gaps].map(([index, meter]) => meter.result(batchNet.layers[index]?.name ?? "")),
    batch: batch.scores.result(),
    global: global.scores.result(),
    bad: {
      ...(global.bad.first && { global: global.bad.first }),
      ...(batch.bad.first && { batch: batch.bad.first }),
    },
  };
}

/** Measures the gap at one BatchNorm. */
class GapMeter {
  readonly #moments: Moments;
  readonly #global: Layer;
  readonly #eps: number;
  readonly #input = new RelativeError();
  readonly #output = new RelativeError();

  /** @param x the BatchNorm's bottom; `global` is the layer in the net that normalizes by M, V and s */
  constructor(x: Tensor, global: Layer) {
    this.#moments = new Moments(x.shape[1] ?? 1);
    this.#global = global;
    this.#eps = batchNormParam(global.message).eps;
  }

  before(batch: Tensor | undefined, global: Tensor | undefined): void {
    if (!batch) return;
    this.#moments.add(batch.data.array, batch.shape);
    this.#input.add(batch, global);
  }

  after(batch: Tensor | undefined, global: Tensor | undefined): void {
    this.#output.add(batch, global);
  }

  result(name: string): LayerGap {
    const { channels, count, batches } = this.#moments;
    const variance = this.#moments.variance(true);
    const between = this.#moments.varianceOfMeans();
    const measured = { mean: this.#moments.mean, variance };
    const nats = divergences(measured, statisticsIn(normBlobsIn(this.#global)), this.#eps);
    const worstChannel = nats.reduce((worst, value, c) => (value > (nats[worst] ?? 0) ? c : worst), 0);
    const shares = between && Array.from(between, (value, c) => value / ((variance[c] ?? 0) + this.#eps));
    return {
      name,
      channels,
      m: count / Math.max(1, batches),
      inputError: this.#input.value,
      outputError: this.#output.value,
      divergence: mean(nats),
      worstChannel,
      worstDivergence: nats[worstChannel] ?? 0,
      ...(shares && { noise: Math.sqrt(mean(shares)) }),
    };
  }
}

/** ‖a − b‖/‖a‖ over all pairs of tensors added. */
class RelativeError {
  #difference = 0;
  #size = 0;

  add(a: Tensor | undefined, b: Tensor | undefined): void {
    if (!a || !b || countOf(a.shape) !== countOf(b.shape)) return;
    const [first, second] = [a.data.array, b.data.array];
    for (let i = 0; i < first.length; i++) {
      const value = first[i] as number;
      this.#difference += (value - (second[i] as number)) ** 2;
      this.#size += value * value;
    }
  }

  get value(): number {
    return this.#difference === 0 ? 0 : Math.sqrt(this.#difference / this.#size);
  }
}
