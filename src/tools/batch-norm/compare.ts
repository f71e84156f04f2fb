import type { Node } from "../../core/backward-plan.js";
import type { Net } from "../../core/net.js";
import type { FloatArray } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { countOf } from "../../util/shape.js";
import type { BatchSource } from "./batches.js";
import { BadWatch, type FirstBad } from "./first-bad.js";
import { Moments } from "./moments.js";
import { ScoreMean, type Scores } from "./outputs.js";
import { feed } from "./trunk.js";

/** How far a BatchNorm's two ways to normalize part, over the batches that were run. */
export interface LayerGap {
  readonly name: string;
  readonly channels: number;
  /** Values of a channel in a batch, from which batch statistics are made. */
  readonly m: number;
  /**
   * ‖batch − global‖/‖batch‖ of what comes in and of what goes out, in the nets that normalize by the batch everywhere and
   * by the averages everywhere.
   */
  readonly inputError: number;
  readonly outputError: number;
  /**
   * The divergence of the data's Gaussian from the stored one, in nats, KL(N(μ, σ²) ‖ N(M/s, V/s)): the mean over the
   * channels and the worst of them. Both variances with `eps`, as the layer has them; the data's are pooled over all
   * batches, of what comes in where all is normalized by the batch, as in training.
   */
  readonly divergence: number;
  readonly worstChannel: number;
  readonly worstDivergence: number;
  /** How much the mean of a batch varies from batch to batch, in σ of the data, over all channels; with two batches or more. */
  readonly noise?: number;
}

export interface Comparison {
  readonly layers: readonly LayerGap[];
  readonly batch: Scores;
  readonly global: Scores;
  /** The first layer whose output was bad, with global statistics and with those of the batch. */
  readonly bad: { readonly global?: FirstBad; readonly batch?: FirstBad };
}

/**
 * Runs the same batches through two nets of the same layers, of which one normalizes by the batch and one by its averages.
 * They go side by side, layer by layer, so that each BatchNorm is seen before and after; no blob is kept longer than Caffe
 * would need it.
 */
export async function compareStatistics(
  batchNet: Net,
  globalNet: Net,
  source: BatchSource,
  iterations: number,
): Promise<Comparison> {
  const gaps = new Map<number, GapMeter>();
  const [batchScores, globalScores] = [new ScoreMean(), new ScoreMean()];
  const [batchWatch, globalWatch] = [new BadWatch(), new BadWatch()];
  for (let iteration = 0; iteration < iterations; iteration++) {
    const batch = await source.next();
    for (const net of [batchNet, globalNet]) feed(net, batch);
    for (const [index, { layer, bottom }] of batchNet.nodes.entries()) {
      const other = globalNet.nodes[index];
      const isNorm = layer.type === "BatchNorm";
      const [x, stored] = [bottom[0], other?.layer.params];
      const meter = isNorm && x && stored ? (gaps.get(index) ?? new GapMeter(x, stored, epsOf(layer))) : undefined;
      if (meter) gaps.set(index, meter);
      meter?.before(x, other?.bottom[0]);
      await batchNet.runForward(index, index);
      await globalNet.runForward(index, index);
      batchWatch.look(batchNet.nodes[index], iteration);
      globalWatch.look(other, iteration);
      meter?.after(batchNet.nodes[index]?.top[0], other?.top[0]);
    }
    batchScores.add(batchNet);
    globalScores.add(globalNet);
  }
  return {
    layers: [...gaps].map(([index, meter]) => meter.result(batchNet.layers[index]?.name ?? "")),
    batch: batchScores.result(),
    global: globalScores.result(),
    bad: {
      ...(globalWatch.first && { global: globalWatch.first }),
      ...(batchWatch.first && { batch: batchWatch.first }),
    },
  };
}

function epsOf({ message }: Node["layer"]): number {
  return message.batchNormParam?.eps ?? 1e-5;
}

/** What is measured at one BatchNorm. */
class GapMeter {
  readonly #moments: Moments;
  readonly #stored: readonly Tensor[];
  readonly #eps: number;
  readonly #input = new RelativeError();
  readonly #output = new RelativeError();

  /** @param x its bottom; @param stored M, V and s of the net with averages */
  constructor(x: Tensor, stored: readonly Tensor[], eps: number) {
    this.#moments = new Moments(x.shape[1] ?? 1);
    this.#stored = stored;
    this.#eps = eps;
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
    const divergences = this.#divergences(variance);
    const worstChannel = divergences.reduce((worst, value, c) => (value > (divergences[worst] ?? 0) ? c : worst), 0);
    const shares = between && Array.from(between, (value, c) => value / ((variance[c] ?? 0) + this.#eps));
    return {
      name,
      channels,
      m: count / Math.max(1, batches),
      inputError: this.#input.value,
      outputError: this.#output.value,
      divergence: mean(divergences),
      worstChannel,
      worstDivergence: divergences[worstChannel] ?? 0,
      ...(shares && { noise: Math.sqrt(mean(shares)) }),
    };
  }

  #divergences(variance: Float64Array): number[] {
    const [sums, squares, factor] = this.#stored.map(({ data }) => data.array);
    const s = factor?.[0] ?? 0;
    const stored = (values: FloatArray | undefined, c: number) => (s === 0 ? 0 : (values?.[c] ?? 0) / s);
    return Array.from(variance, (value, c) => {
      const [has, wants] = [stored(squares, c) + this.#eps, value + this.#eps];
      const distance = (this.#moments.mean[c] ?? 0) - stored(sums, c);
      // Rounding may leave it a little below 0.
      return Math.max(0, 0.5 * ((wants + distance * distance) / has - 1 - Math.log(wants / has)));
    });
  }
}

/** ‖a − b‖/‖a‖ over everything that was added. */
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

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
}
