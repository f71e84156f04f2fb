import { type KnownRanksOptions, knownRanks } from "../core/known-ranks.js";
import { WeightFileStore } from "../data/weight-files.js";
import type { Weights } from "../proto/weight-sources.js";
import { type Comparison, compareStatistics, type LayerGap } from "../tools/batch-norm/compare.js";
import { type FactorReading, readFactor } from "../tools/batch-norm/factor.js";
import type { Scores } from "../tools/batch-norm/outputs.js";
import type { Cause, Verdict } from "../tools/doctor/cause.js";
import type { DataSet } from "../tools/doctor/data-set.js";
import { examine } from "../tools/doctor/examine.js";
import { isBlank, type Side, type Subject } from "../tools/doctor/subject.js";
import { silent } from "../util/log.js";
import { checkOptions } from "../util/options.js";
import { countedOn } from "../util/work.js";
import { BatchNets, type BatchOptions } from "./batch-nets.js";
import { dataSets, subjectOf } from "./doctor-subject.js";
import type { NetSource } from "./read-text.js";

/** With `ranks` and `syncBatchNorm` as in training, the data of TRAIN are run in the batches by which the ranks normalized. */
export interface DoctorOptions extends BatchOptions, KnownRanksOptions {
  /** The phase whose data layers are used. Default `TEST`. */
  readonly phase?: "TRAIN" | "TEST" | undefined;
}

/** What the net scores on one set of data, with the statistics of the batch and with its averages. */
export interface SideScores {
  readonly batches: number;
  readonly batchSize: number;
  /** The number of different images. */
  readonly images: number;
  readonly batch: Scores;
  readonly global: Scores;
}

export interface DoctorReport extends Comparison {
  readonly name: string;
  /** The engine that computed. */
  readonly engine: string;
  /** The phase whose data were used, the number of batches, the rows in a batch, and the number of different rows. */
  readonly phase: "TRAIN" | "TEST";
  readonly batches: number;
  readonly batchSize: number;
  readonly images: number;
  /** The same on the data of TRAIN's own data layers; absent where there are none, or where they are those used. */
  readonly training?: SideScores;
  /** The BatchNorm layers in the order of the net, with their factors and the meaning of the factors. */
  readonly layers: readonly (LayerGap & { readonly factor: number; readonly reading: FactorReading })[];
  /** The layers' names, ordered by the difference of their outputs, the largest first. */
  readonly ranking: readonly string[];
  /** The first layer whose outputs differ while its inputs agree. */
  readonly gapStartsAt?: string;
  /** Whether BatchNorm is the cause. */
  readonly verdict: Verdict;
  /** The causes: those that an experiment has shown, then those that are possible. Empty if nothing is wrong. */
  readonly causes: readonly Cause[];
  /** What was tried, and what came of it, one sentence each. */
  readonly tried: readonly string[];
  /** What could not be told, and why, one sentence each. */
  readonly notes: readonly string[];
}

/** Outputs differ if their relative error is above this; inputs agree if theirs is at most half of the outputs'. */
const largeError = 0.25;

/**
 * Looks for the cause if a net with BatchNorm has worse results in testing than in training. It runs batches in
 * phase TEST with BatchNorm normalizing by the batch and by the averages, on the data given and, where the prototxt has them, on those
 * of TRAIN; and where the averages do not fit, it tries changes of the net, of its averages and of the data, one at a time. No
 * file changes. A cause is `shown` only if such an experiment makes the averages fit, and the scores no worse.
 *
 * @param model the net, as for `Net.load`
 * @param weights files or messages, as for `net.copyTrainedLayersFrom`
 * @param options `iterations` is 10 by default, or each row of given arrays once; the progress counts `batches`
 * @throws MokaError `MOKA_USAGE` if there are no data to run on, or the number of ranks is none
 * @example
 * ```ts
 * const { verdict, causes } = await doctor("train_val.prototxt", "net.caffemodel", { iterations: 2 });
 * for (const { title, shown, evidence, remedy } of causes) console.log(title, shown, evidence, remedy);
 * ```
 */
export async function doctor(model: NetSource, weights: Weights, options: DoctorOptions = {}): Promise<DoctorReport> {
  checkOptions("doctor", options);
  const { phase = "TEST" } = options;
  const ranks = knownRanks(options);
  // Fillers and dropout are random: the same call gives the same report.
  return BatchNets.use(model, { seed: 1, ...options }, async (nets) => {
    const notes: string[] = [];
    const data = await dataSets(nets, phase, options.data === undefined && phase === "TRAIN", ranks, notes);
    const work = countedOn(options);
    const global = await nets.build(data.given, "global");
    await global.copyTrainedLayersFrom(weights, undefined, false);
    const batch = await nets.build(data.given, "batch");
    batch.copyTrainedLayers(global.toMessage());
    const comparison = await compareStatistics(batch, global, replayed(data.given), data.given.iterations, work);
    const file = await new WeightFileStore(nets.files, silent).readAll(weights);
    const subject = await subjectOf(nets, data, global, file, ranks, work, notes);
    const finding = await examine(subject, comparison.bad);
    const { iterations: batches, batchSize, images } = data.given;
    return {
      name: nets.message.name,
      engine: nets.engine,
      phase,
      batches,
      batchSize,
      images,
      ...comparison,
      ...(subject.training && { training: scoresOf(subject.training) }),
      ...layersOf(comparison, subject),
      verdict: finding.verdict,
      causes: finding.causes,
      tried: [...new Set(subject.tried)],
      notes: [...notes, ...finding.notes],
    };
  });
}

/** The layers with their factors, in the order of the net, and where they differ. */
function layersOf(
  { layers: gaps }: Comparison,
  { norms, stored }: Subject,
): Pick<DoctorReport, "layers" | "ranking" | "gapStartsAt"> {
  const fractions = new Map(norms.map(({ name, fraction }) => [name, fraction]));
  const layers = gaps.map((gap) => {
    const blobs = stored.get(gap.name);
    const factor = blobs?.factor ?? 0;
    const isFilled = blobs !== undefined && !isBlank(blobs);
    return { ...gap, factor, reading: readFactor(factor, fractions.get(gap.name) ?? Number.NaN, isFilled) };
  });
  const start = layers.find(({ inputError, outputError }) => outputError > largeError && inputError <= outputError / 2);
  return {
    layers,
    ranking: [...layers].sort(byOutputError).map(({ name }) => name),
    ...(start && { gapStartsAt: start.name }),
  };
}

function scoresOf({ set, batch, averages }: Side): SideScores {
  const { iterations, batchSize, images } = set;
  return { batches: iterations, batchSize, images, batch: batch.scores, global: averages.scores };
}

/** The batches of a set, one after the other. */
function replayed(set: DataSet) {
  const iterator = set.batches()[Symbol.asyncIterator]();
  return {
    async next() {
      const { value } = await iterator.next();
      return value;
    },
  };
}

/** Orders by output error, the largest first. NaN counts as infinite. */
function byOutputError(a: LayerGap, b: LayerGap): number {
  const distance = ({ outputError }: LayerGap) => (Number.isNaN(outputError) ? Number.POSITIVE_INFINITY : outputError);
  const [first, second] = [distance(a), distance(b)];
  return first === second ? 0 : second - first;
}
