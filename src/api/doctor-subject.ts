import { connect } from "../core/graph.js";
import { type KnownRanks, ranksOfStatistics } from "../core/known-ranks.js";
import type { Layer } from "../core/layer.js";
import { isLoss } from "../core/layer-roles.js";
import type { Net } from "../core/net.js";
import { weightsGap } from "../core/weights-gap.js";
import { type LayerParameter, type NetParameter, NetParameterSchema } from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { leftOut, type NormLayer, normLayers } from "../tools/batch-norm/norm-layers.js";
import { accuraciesOf } from "../tools/batch-norm/outputs.js";
import { normBlobsOf } from "../tools/batch-norm/recompute.js";
import { type DataSet, dataSet, inBatchesOf } from "../tools/doctor/data-set.js";
import { Lab } from "../tools/doctor/lab.js";
import { batchesOfRanks } from "../tools/doctor/rank-batches.js";
import { Judge } from "../tools/doctor/scores.js";
import type { Side, Subject } from "../tools/doctor/subject.js";
import { type Kinds, unshared } from "../tools/doctor/variants.js";
import { MokaError } from "../util/errors.js";
import type { WorkOptions } from "../util/work.js";
import type { BatchNets } from "./batch-nets.js";

/** The given data are run in batches of at least so many rows, whatever batches they come in: one image has no statistics. */
const smallest = 16;
/** Of data layers at least so many images are looked at, in at least so many batches. */
const [fewestGiven, fewestBatches] = [64, 10];
/** At least so many images of training are looked at, in at most so many batches. */
const [fewestOfTraining, mostBatches] = [256, 200];

/** The data that a net is examined on. */
interface Data {
  readonly given: DataSet;
  /** Undefined if there are none, or if they are the data given. */
  readonly training: DataSet | undefined;
  /** Whether the data given are those of TRAIN's data layers. */
  readonly givenIsTraining: boolean;
}

/** @param notes what could not be read is added */
export async function dataSets(
  nets: BatchNets,
  phase: "TRAIN" | "TEST",
  givenIsTraining: boolean,
  ranks: KnownRanks,
  notes: string[],
): Promise<Data> {
  const asGiven = await dataSet(
    "given",
    () => nets.batches(phase),
    (source) => {
      const wanted = nets.iterations(source, Math.max(fewestBatches, Math.ceil(fewestGiven / rowsIn(source))));
      return givenIsTraining ? wholeIterations(wanted, ranks) : wanted;
    },
  );
  const asTrained = givenIsTraining ? await dealt(asGiven, ranks, notes) : asGiven;
  const hasNorms = nets.layers("TEST").some(({ type }) => type === "BatchNorm");
  const given = hasNorms ? await inBatchesOf(asTrained, smallest) : asTrained;
  const training = givenIsTraining ? undefined : await trainingSet(nets, given, ranks, notes);
  return { given, training, givenIsTraining };
}

/** The data of TRAIN, about as many images as are given; undefined where there are none that can be read. */
async function trainingSet(
  nets: BatchNets,
  given: DataSet,
  ranks: KnownRanks,
  notes: string[],
): Promise<DataSet | undefined> {
  if (!nets.hasData("TRAIN")) {
    notes.push("the prototxt has no data of training to compare with");
    return undefined;
  }
  const images = Math.max(given.iterations * given.batchSize, fewestOfTraining);
  const read = dataSet(
    "training",
    () => nets.ownBatches("TRAIN"),
    (source) => {
      const most = mostBatches * ranksOfStatistics(ranks);
      return wholeIterations(Math.max(1, Math.min(most, Math.ceil(images / rowsIn(source)))), ranks);
    },
  );
  const set = await orNote(read, notes);
  return set && dealt(set, ranks, notes);
}

/** Each iteration of a training on several ranks takes as many batches: as many as are wanted, or a few more. */
function wholeIterations(batches: number, { count }: KnownRanks): number {
  return Math.ceil(batches / count) * count;
}

/** The batches of training as its ranks normalized by them; as they are, and a note, where they cannot be divided so. */
async function dealt(set: DataSet, ranks: KnownRanks, notes: string[]): Promise<DataSet> {
  const own = await batchesOfRanks(set, ranks);
  if (own) return own;
  notes.push(
    `the batches of training cannot be divided among ${ranks.count} ranks: they differ in shape, or have blobs whose first axis does not count ` +
      "images; they are taken as one process has them",
  );
  return set;
}

function rowsIn({ shapes }: Pick<DataSet, "shapes">): number {
  return Math.max(1, [...shapes.values()][0]?.[0] ?? 1);
}

/** What work on the data of training gives; undefined, and a note, if they cannot be read or do not fit the net. */
async function orNote<T>(work: Promise<T>, notes: string[]): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof MokaError)) throw error;
    notes.push(`the data of training cannot be compared with: ${error.message}`);
    return undefined;
  }
}

/**
 * A net with its weights, ready for experiments.
 *
 * @param net the net as it is examined, with its weights; `file`: all layers of the weights; `notes`: what cannot be run is added
 */
export async function subjectOf(
  nets: BatchNets,
  { given, training, givenIsTraining }: Data,
  net: Net,
  file: NetParameter,
  ranks: KnownRanks,
  work: WorkOptions,
  notes: string[],
): Promise<Subject> {
  const [layers, trainLayers] = [nets.layers("TEST"), nets.layers("TRAIN")];
  const axes = new Map(net.nodes.map(({ layer, top }) => [layer.name, top[0]?.shape.length]));
  const norms = normLayers(layers, ({ name }) => axes.get(name));
  const forks = leftOut(layers, "doctor examines the averages of BVLC Caffe's BatchNorm");
  if (forks !== undefined) notes.push(forks);
  const message = unshared(nets.message);
  const lab = new Lab(
    (shapes, statistics, variant) => nets.buildVariant(shapes, statistics, { message, ...variant }),
    withLayersOf(net.toMessage(), file),
    work,
  );
  const side = async (set: DataSet): Promise<Side> => ({
    set,
    batch: await lab.observe(set),
    averages: await lab.score(set),
  });
  const built = new Map(net.layers.map((layer) => [layer.name, layer]));
  return {
    lab,
    judge: new Judge(accuraciesOf(net)),
    message,
    graph: connect(layers),
    norms,
    trainNorms: normLayers(trainLayers),
    trains: nets.hasData("TRAIN") || trainLayers.some(isLoss),
    stored: normBlobsOf(net),
    given: await side(given),
    training: training && (await orNote(side(training), notes)),
    givenIsTraining,
    ranks,
    gap: weightsGap(net.layers, [file]),
    recorded: file.layer,
    largestScales: largestScales(norms, built),
    kinds: kindsOf(built),
    tried: [],
  };
}

/** The layers of a net with their weights, and those of a weight file that the net does not have: a variant may have them. */
function withLayersOf(own: NetParameter, file: NetParameter): NetParameter {
  const names = new Set(own.layer.map(({ name }) => name));
  const all = copyMessage(NetParameterSchema, own);
  all.layer = [...own.layer, ...file.layer.filter(({ name }) => !names.has(name))];
  return all;
}

/** What layers are, by the facts of those that were built. */
function kindsOf(built: ReadonlyMap<string, Layer>): Kinds {
  const isAffine = ({ name, type }: LayerParameter) => built.get(name)?.isAffine === true || type === "BatchNorm";
  return {
    isActivation: ({ name }) => built.get(name)?.activation !== undefined,
    isAffine,
    isLinear: (layer) => built.get(layer.name)?.isLinear === true || isAffine(layer) || layer.type === "Eltwise",
  };
}

/** γ that are smaller let nothing through. */
const vanishing = 1e-6;

/** The largest γ by size of the Scale behind each BatchNorm, by its name; 0 where it lets nothing through. */
function largestScales(norms: readonly NormLayer[], built: ReadonlyMap<string, Layer>): Map<string, number> {
  const found = norms.flatMap(({ scale }) => {
    const gamma = scale && built.get(scale.name)?.params[0]?.data.array;
    return scale && gamma ? [[scale.name, largestOf(gamma)] as const] : [];
  });
  return new Map(found.map(([name, largest]) => [name, largest <= vanishing ? 0 : largest]));
}

function largestOf(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i] ?? 0));
  return largest;
}
