import { connect } from "../core/graph.js";
import type { Layer } from "../core/layer.js";
import { isLoss } from "../core/layer-roles.js";
import { weightsGap } from "../core/weights-gap.js";
import { WeightFileStore } from "../data/weight-files.js";
import { type LayerParameter, type NetParameter, NetParameterSchema } from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import type { Weights } from "../proto/weight-sources.js";
import { type Comparison, compareStatistics, type LayerGap } from "../tools/batch-norm/compare.js";
import { type FactorReading, readFactor } from "../tools/batch-norm/factor.js";
import { normLayers } from "../tools/batch-norm/norm-layers.js";
import { accuraciesOf, type Scores } from "../tools/batch-norm/outputs.js";
import { normBlobsOf } from "../tools/batch-norm/recompute.js";
import type { Cause, Verdict } from "../tools/doctor/cause.js";
import { type DataSet, dataSet, inBatchesOf } from "../tools/doctor/data-set.js";
import { examine } from "../tools/doctor/examine.js";
import { Lab } from "../tools/doctor/lab.js";
import { Judge } from "../tools/doctor/scores.js";
import type { Side, Subject } from "../tools/doctor/subject.js";
import { type Kinds, unshared } from "../tools/doctor/variants.js";
import { MokaError } from "../util/errors.js";
import { silent } from "../util/log.js";
import { checkOptions } from "../util/options.js";
import { countedOn } from "../util/work.js";
import { BatchNets, type BatchOptions } from "./batch-nets.js";
import type { NetSource } from "./read-text.js";

export interface DoctorOptions extends BatchOptions {
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
 * @throws MokaError `MOKA_USAGE` if there are no data to run on
 * @example
 * ```ts
 * const { verdict, causes } = await doctor("train_val.prototxt", "net.caffemodel", { iterations: 2 });
 * for (const { title, shown, evidence, remedy } of causes) console.log(title, shown, evidence, remedy);
 * ```
 */
export async function doctor(model: NetSource, weights: Weights, options: DoctorOptions = {}): Promise<DoctorReport> {
  checkOptions("doctor", options);
  const { phase = "TEST" } = options;
  // Fillers and dropout are random: the same call gives the same report.
  return BatchNets.use(model, { seed: 1, ...options }, async (nets) => {
    const asGiven = await dataSet(
      "given",
      () => nets.batches(phase),
      (source) => nets.iterations(source, Math.max(10, Math.ceil(fewestGiven / rowsIn(source)))),
    );
    const layers = nets.layers("TEST");
    const given = layers.some(({ type }) => type === "BatchNorm") ? await inBatchesOf(asGiven, smallest) : asGiven;
    const work = countedOn(options);
    const notes: string[] = [];
    const isTraining = options.data === undefined && phase === "TRAIN";
    const training = isTraining ? undefined : await trainingSet(nets, given, notes);
    const global = await nets.build(given, "global");
    await global.copyTrainedLayersFrom(weights, undefined, false);
    const file = await new WeightFileStore(nets.files, silent).readAll(weights);
    const own = global.toMessage();
    const batch = await nets.build(given, "batch");
    batch.copyTrainedLayers(own);
    const comparison = await compareStatistics(batch, global, replayed(given), given.iterations, work);

    const trainLayers = nets.layers("TRAIN");
    const ranks = new Map(global.nodes.map(({ layer, top }) => [layer.name, top[0]?.shape.length]));
    const norms = normLayers(layers, ({ name }) => ranks.get(name));
    const message = unshared(nets.message);
    const names = new Set(own.layer.map(({ name }) => name));
    const all = copyMessage(NetParameterSchema, own);
    all.layer = [...own.layer, ...file.layer.filter(({ name }) => !names.has(name))];
    const lab = new Lab(
      (shapes, statistics, variant) => nets.buildVariant(shapes, statistics, { message, ...variant }),
      all,
      work,
    );
    const side = async (set: DataSet): Promise<Side> => ({
      set,
      batch: await lab.observe(set),
      averages: await lab.score(set),
    });
    const facts = new Map(global.layers.map((layer) => [layer.name, layer]));
    const filled = filledLayers(global.layers, file);
    const subject: Subject = {
      lab,
      judge: new Judge(accuraciesOf(global)),
      message,
      graph: connect(layers),
      norms,
      trainNorms: normLayers(trainLayers),
      trains: nets.hasData("TRAIN") || trainLayers.some(isLoss),
      stored: normBlobsOf(global),
      given: await side(given),
      training: training && (await attemptSide(() => side(training), notes)),
      givenIsTraining: isTraining,
      gap: weightsGap(global.layers, [file]),
      unfilled: layers.filter(({ name }) => (facts.get(name)?.params.length ?? 0) > 0 && !filled.has(name)),
      recorded: file.layer,
      largestScales: new Map(
        norms.flatMap(({ scale }) => {
          const gamma = scale && facts.get(scale.name)?.params[0]?.data.array;
          return scale && gamma ? [[scale.name, largestOf(gamma)] as const] : [];
        }),
      ),
      kinds: kindsOf(facts),
      tried: [],
    };
    const finding = await examine(subject, comparison.bad);
    const fractions = new Map(norms.map(({ name, fraction }) => [name, fraction]));
    const gaps = comparison.layers.map((gap) => {
      const factor = subject.stored.get(gap.name)?.factor ?? 0;
      return { ...gap, factor, reading: readFactor(factor, fractions.get(gap.name) ?? 0.999) };
    });
    const start = gaps.find(({ inputError, outputError }) => outputError > largeError && inputError <= outputError / 2);
    return {
      name: nets.message.name,
      engine: nets.engine,
      phase,
      batches: given.iterations,
      batchSize: given.batchSize,
      images: given.images,
      ...comparison,
      ...(subject.training && { training: scoresOf(subject.training) }),
      layers: gaps,
      ranking: [...gaps].sort(byOutputError).map(({ name }) => name),
      ...(start && { gapStartsAt: start.name }),
      verdict: finding.verdict,
      causes: finding.causes,
      tried: [...new Set(subject.tried)],
      notes: [...notes, ...finding.notes],
    };
  });
}

/** What layers are, by the facts of those that were built. */
function kindsOf(facts: ReadonlyMap<string, Layer>): Kinds {
  const isAffine = ({ name, type }: LayerParameter) => facts.get(name)?.isAffine === true || type === "BatchNorm";
  return {
    isActivation: ({ name }) => facts.get(name)?.activation !== undefined,
    isAffine,
    isLinear: (layer) => facts.get(layer.name)?.isLinear === true || isAffine(layer) || layer.type === "Eltwise",
  };
}

/** The names of the layers whose parameters the weights have, under their own name or that of a layer that shares them. */
function filledLayers(layers: readonly Layer[], file: NetParameter): ReadonlySet<string> {
  const given = new Set(file.layer.filter(({ blobs }) => blobs.length > 0).map(({ name }) => name));
  const isGiven = ({ name, message }: Layer) => given.has(name) || message.blobs.length > 0;
  const spans = new Set(layers.filter(isGiven).flatMap(({ params }) => params.map(({ data }) => data)));
  return new Set(layers.filter(({ params }) => params.every(({ data }) => spans.has(data))).map(({ name }) => name));
}

/** The data of TRAIN, about as many images as are given; undefined where there are none that can be read. */
async function trainingSet(nets: BatchNets, given: DataSet, notes: string[]): Promise<DataSet | undefined> {
  if (!nets.hasData("TRAIN")) {
    notes.push("the prototxt has no data of training to compare with");
    return undefined;
  }
  const images = given.iterations * given.batchSize;
  try {
    return await dataSet(
      "training",
      () => nets.ownBatches("TRAIN"),
      (source) => Math.max(1, Math.min(mostBatches, Math.ceil(Math.max(images, fewest) / rowsIn(source)))),
    );
  } catch (error) {
    return explained(error, notes);
  }
}

/** The given data are run in batches of at least so many rows, whatever batches they come in: one image has no statistics. */
const smallest = 16;
/** Of data layers at least so many images are looked at. */
const fewestGiven = 64;

function rowsIn({ shapes }: Pick<DataSet, "shapes">): number {
  return Math.max(1, [...shapes.values()][0]?.[0] ?? 1);
}

/** At least so many images of training are looked at, in at most so many batches. */
const [fewest, mostBatches] = [256, 200];

async function attemptSide(make: () => Promise<Side>, notes: string[]): Promise<Side | undefined> {
  try {
    return await make();
  } catch (error) {
    return explained(error, notes);
  }
}

function explained(error: unknown, notes: string[]): undefined {
  if (!(error instanceof MokaError)) throw error;
  notes.push(`the data of training cannot be compared with: ${error.message}`);
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

function largestOf(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i] ?? 0));
  return largest <= 1e-6 ? 0 : largest;
}

/** Orders by output error, the largest first. NaN counts as infinite. */
function byOutputError(a: LayerGap, b: LayerGap): number {
  const distance = ({ outputError }: LayerGap) => (Number.isNaN(outputError) ? Number.POSITIVE_INFINITY : outputError);
  const [first, second] = [distance(a), distance(b)];
  return first === second ? 0 : second - first;
}
