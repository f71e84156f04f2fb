import type { Node } from "../../core/backward-plan.js";
import type { Net } from "../../core/net.js";
import type { NetParameter } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";
import { type WorkOptions, watched } from "../../util/work.js";
import { feed } from "../batch-norm/fed-net.js";
import { type ChannelStatistics, mean } from "../batch-norm/fit.js";
import { Moments } from "../batch-norm/moments.js";
import type { NormBlobs } from "../batch-norm/norm-layers.js";
import { ScoreMean, type Scores } from "../batch-norm/outputs.js";
import { putNormBlobs } from "../batch-norm/recompute.js";
import type { Batches } from "./data-set.js";
import { PredictionCounter, type Predictions } from "./predictions.js";

/** Statistics of what reaches a BatchNorm. */
export interface Measured extends ChannelStatistics {
  /** The mean of the variances of the batches, each ÷ m − 1. */
  readonly batchVariance: Float64Array;
  /** How far the mean of one image is from that of all, in σ of the data, root mean square over the channels. */
  readonly imageNoise: number;
  /** The variance of the batches' means ÷ what it would be if their images were drawn at random. */
  readonly batchSpread: number;
  /** The error to expect in `divergences` because the data are few, in nats: twice its mean. */
  readonly uncertainty: number;
}

/** What a net scores, and what it predicts. */
export interface Scored {
  readonly scores: Scores;
  readonly predictions: Predictions | undefined;
}

/** What a net does whose BatchNorm layers normalize by the batch. */
export interface Observed extends Scored {
  /** What reaches each BatchNorm, by its name. */
  readonly norms: ReadonlyMap<string, Measured>;
}

/** A net to try instead of the one that is examined. */
export interface Variant {
  readonly message?: NetParameter | undefined;
  readonly phase?: "TRAIN" | "TEST" | undefined;
  /** Whether it keeps the weights that its fillers make. */
  readonly isUntrained?: boolean | undefined;
}

export type BuildNet = (
  shapes: ReadonlyMap<string, Shape>,
  statistics: "batch" | "global",
  variant: Variant,
) => Promise<Net>;

/** Runs variants of one net with the same weights on the same data. */
export class Lab {
  readonly #build: BuildNet;
  readonly #weights: NetParameter;
  readonly #work: WorkOptions;

  /** @param weights of all layers of the net that is examined; `work` counts the batches of each run */
  constructor(build: BuildNet, weights: NetParameter, work: WorkOptions) {
    this.#build = build;
    this.#weights = weights;
    this.#work = work;
  }

  /**
   * Runs the data with batch statistics.
   *
   * @param until the name of the last BatchNorm that matters: the net runs only that far, and scores nothing
   */
  observe(set: Batches, variant: Variant = {}, until?: string): Promise<Observed> {
    return this.#with(set, "batch", variant, async (net) => {
      const moments = new Map<number, Moments>();
      const last = until === undefined ? undefined : net.nodes.findIndex(({ layer }) => layer.name === until);
      const stops = new Map<number, (node: Node) => void>();
      for (const [index, { layer, bottom }] of net.nodes.entries()) {
        if (layer.type !== "BatchNorm" || (last !== undefined && index > last)) continue;
        const own = new Moments(bottom[0]?.shape[1] ?? 1);
        moments.set(index, own);
        stops.set(index, ({ bottom: [x] }) => x && own.add(x.data.array, x.shape));
      }
      const scored = await this.#run(net, set, stops, last);
      const norms = new Map([...moments].map(([index, each]) => [net.layers[index]?.name ?? "", measuredOf(each)]));
      return { ...scored, norms };
    });
  }

  /** Runs the data with averages: those of the weights, and for the layers in `averages`, these. */
  score(set: Batches, averages?: ReadonlyMap<string, NormBlobs>, variant: Variant = {}): Promise<Scored> {
    return this.#with(set, "global", variant, (net) => {
      if (averages) putNormBlobs(net, averages);
      return this.#run(net, set, new Map(), undefined);
    });
  }

  async #with<T>(
    set: Batches,
    statistics: "batch" | "global",
    variant: Variant,
    work: (net: Net) => Promise<T>,
  ): Promise<T> {
    const net = await this.#build(set.shapes, statistics, variant);
    try {
      if (!variant.isUntrained) net.copyTrainedLayers(this.#weights);
      return await work(net);
    } finally {
      await net.dispose();
    }
  }

  /** @param stops functions that look at a layer just before it runs; `last`: the layer before which a run ends */
  async #run(
    net: Net,
    set: Batches,
    stops: Map<number, (node: Node) => void>,
    last: number | undefined,
  ): Promise<Scored> {
    const scores = new ScoreMean();
    const counter = new PredictionCounter(net);
    const { index } = counter;
    if (index !== undefined && last === undefined) stops.set(index, (node) => counter.add(node));
    const order = [...stops].sort(([a], [b]) => a - b);
    const count = { what: "batches", total: undefined } as const;
    for await (const batch of watched(set.batches(), count, this.#work)) {
      feed(net, batch);
      let start = 0;
      for (const [at, look] of order) {
        if (at > start) await net.runForward(start, at - 1);
        start = at;
        const node = net.nodes[at];
        if (node) look(node);
      }
      if (last === undefined) {
        await net.runForward(start);
        scores.add(net);
      }
    }
    return { scores: scores.result(), predictions: counter.result() };
  }
}

function measuredOf(moments: Moments): Measured {
  const variance = moments.variance(true);
  const shares = Array.from(moments.varianceOfImageMeans(), (value, c) => value / ((variance[c] ?? 0) || 1));
  const noise = mean(shares);
  return {
    mean: moments.mean,
    variance,
    batchVariance: moments.meanOfVariances(),
    imageNoise: Math.sqrt(noise),
    batchSpread: spreadOf(moments),
    // Half of that is the expected divergence by the error of the mean. That of the variance is about as large.
    uncertainty: (2 * noise) / Math.max(1, moments.images),
  };
}

function spreadOf(moments: Moments): number {
  const [ofBatches, ofImages] = [moments.varianceOfMeans(), moments.varianceOfImageMeans()];
  // A few batches tell little of their variance.
  if (!ofBatches || moments.batches < fewBatches) return 1;
  const size = moments.images / moments.batches;
  const ratios = Array.from(ofBatches, (value, c) => (value * size) / ((ofImages[c] ?? 0) || Number.POSITIVE_INFINITY));
  return mean(ratios);
}

const fewBatches = 8;

/** The statistics that were measured at each BatchNorm as averages, by its name. */
export function measuredBlobs({ norms }: Observed): Map<string, NormBlobs> {
  return new Map([...norms].map(([name, own]) => [name, blobsOf(own)]));
}

/** Averages of these statistics, with a factor of 1. */
export function blobsOf({ mean: means, variance }: ChannelStatistics): NormBlobs {
  return { mean: Float32Array.from(means), variance: Float32Array.from(variance), factor: 1 };
}
