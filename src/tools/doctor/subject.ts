import type { Graph } from "../../core/graph.js";
import type { KnownRanks } from "../../core/known-ranks.js";
import type { WeightsGap } from "../../core/weights-gap.js";
import type { LayerParameter, NetParameter } from "../../proto/gen/caffe_pb.js";
import { divergences, mean, statisticsIn } from "../batch-norm/fit.js";
import type { NormBlobs, NormLayer } from "../batch-norm/norm-layers.js";
import type { DataSet } from "./data-set.js";
import type { Lab, Observed, Scored } from "./lab.js";
import type { Judge } from "./scores.js";
import { type Kinds, upstream } from "./variants.js";

/** What the net does with one set of data: by the statistics of the batch, and by its averages. */
export interface Side {
  readonly set: DataSet;
  readonly batch: Observed;
  readonly averages: Scored;
}

/** A net with its weights, and what is known of it before the experiments. */
export interface Subject {
  readonly lab: Lab;
  readonly judge: Judge;
  /** The net; each BatchNorm has blobs of its own. */
  readonly message: NetParameter;
  /** The layers of TEST. */
  readonly graph: Graph;
  /** The BatchNorm layers in TEST, and in TRAIN, in their order. */
  readonly norms: readonly NormLayer[];
  readonly trainNorms: readonly NormLayer[];
  /** Whether the prototxt is for training: it has data layers or a loss in TRAIN. */
  readonly trains: boolean;
  /** The averages as they are in the weights, by layer. */
  readonly stored: ReadonlyMap<string, NormBlobs>;
  readonly given: Side;
  /** The data of TRAIN; undefined if there are none, or if they are the data given. */
  readonly training: Side | undefined;
  /** Whether the data given are those of TRAIN's data layers. */
  readonly givenIsTraining: boolean;
  /** The processes that trained the net. The data of training have the batches by which they normalized. */
  readonly ranks: KnownRanks;
  readonly gap: WeightsGap;
  /** The layers of the net that the weights were saved from, if they tell. */
  readonly recorded: readonly LayerParameter[];
  /** The largest γ by size of each Scale behind a BatchNorm, by its name. */
  readonly largestScales: ReadonlyMap<string, number>;
  readonly kinds: Kinds;
  /** What was tried, and what came of it, one sentence each. */
  readonly tried: string[];
}

/** Averages fit up to this divergence, in nats a channel: a mean 0.45 σ off, or twice the variance. */
export const fitting = 0.1;
/** The same limit where the averages are known to make loss or accuracy worse: a mean 0.14 σ off. */
export const harmful = 0.01;

/** How far the averages of one BatchNorm are from what reaches it. */
export interface Fit {
  readonly norm: NormLayer;
  /** In nats, the mean over the channels. */
  readonly divergence: number;
  readonly isOff: boolean;
}

/**
 * The fit of each BatchNorm that has averages, in the order of the net.
 *
 * @param least the divergence up to which averages always fit
 */
export function fits(
  { norms }: Subject,
  observed: Observed,
  stored: ReadonlyMap<string, NormBlobs>,
  least: number,
): Fit[] {
  const found = norms.flatMap((norm) => {
    const [blobs, measured] = [stored.get(norm.name), observed.norms.get(norm.name)];
    if (!blobs || !measured || isBlank(blobs)) return [];
    return [
      {
        norm,
        divergence: mean(divergences(measured, statisticsIn(blobs), norm.eps)),
        uncertainty: measured.uncertainty,
      },
    ];
  });
  // Where one layer is far off, small differences of the others are not what is looked for.
  const worst = Math.min(2, Math.max(0, ...found.map(({ divergence }) => divergence)));
  return found.map(({ uncertainty, ...fit }) => {
    const limit = Math.max(least, uncertainty, worst / 50);
    return { ...fit, isOff: !(fit.divergence <= limit) };
  });
}

/** Whether no other BatchNorm is in front of one: it sees the data themselves. */
export function isFirstLevel({ graph }: Subject, { message }: NormLayer): boolean {
  return ![...upstream(graph, message)].some(({ type }) => type === "BatchNorm");
}

export function offOf(all: readonly Fit[]): Fit[] {
  return all.filter(({ isOff }) => isOff);
}

/** The averages that fit worst. */
export function worstOf(all: readonly Fit[]): Fit | undefined {
  return [...all].sort((a, b) => b.divergence - a.divergence)[0];
}

/** Whether a BatchNorm has no averages to normalize by. */
export function isEmpty({ variance, factor }: NormBlobs): boolean {
  return factor === 0 || !variance.some((value) => value !== 0);
}

/** Whether a BatchNorm's blobs hold nothing at all. */
export function isBlank({ mean: means, variance }: NormBlobs): boolean {
  return !means.some((value) => value !== 0) && !variance.some((value) => value !== 0);
}

export function namesOf(all: readonly Fit[]): string[] {
  return all.map(({ norm }) => norm.name);
}

/** The total of divergences, each counted up to 5 nats. */
export function misfit(all: readonly Fit[]): number {
  return all.reduce((sum, { divergence }) => sum + Math.min(5, divergence), 0);
}
