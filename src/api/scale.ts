import { create } from "@bufbuild/protobuf";
import { createImages } from "#platform";
import { alone, oneRank, type Ranks } from "../core/communicator.js";
import { someLayers } from "../core/filter-net.js";
import { inferShapes } from "../core/infer-shapes.js";
import { asInput } from "../core/input-layers.js";
import { isDataLayer, isLoss } from "../core/layer-roles.js";
import { Net } from "../core/net.js";
import { type StateOptions, stateOf } from "../core/net-state.js";
import { takesIndices } from "../core/takes-indices.js";
import { coreCount } from "../engines/wasm/index.js";
import { createCatalog } from "../layers/registry.js";
import { openFiles } from "../platform/open-files.js";
import { type LayerParameter, type NetParameter, NetParameterSchema } from "../proto/gen/caffe_pb.js";
import { type Algorithm, usualAlgorithms } from "../tools/scaling/all-reduce.js";
import type { Cluster } from "../tools/scaling/cluster.js";
import { bucketTimes, bytesAfterForward, measureSteps } from "../tools/scaling/measure.js";
import { type Prediction, predict, type Workload } from "../tools/scaling/predict.js";
import { eachTimes, fitTimes, type IterationTimes, type TimeFit, totalsOf } from "../tools/scaling/step-times.js";
import { check } from "../util/errors.js";
import { silent } from "../util/log.js";
import { Random } from "../util/random.js";
import type { Shape } from "../util/shape.js";
import { createEngine, netContext, type RunOptions } from "./environment.js";
import { type NetSource, readNet } from "./read-text.js";

export interface ScaleOptions extends Omit<RunOptions, "seed">, StateOptions {
  /** The numbers of ranks to predict. */
  readonly ranks: readonly number[];
  /** Between hosts: bytes a second, and seconds of a message without bytes. */
  readonly bandwidth: number;
  readonly latency: number;
  /** Ranks on each host. Default 1. */
  readonly perHost?: number | undefined;
  /** Between two ranks of a host, as above. Default: half the rate at which this machine copies memory, and 1 µs. */
  readonly localBandwidth?: number | undefined;
  readonly localLatency?: number | undefined;
  /** Bytes a second that a rank adds to its own. Default 10 GB. */
  readonly reduction?: number | undefined;
  /** Seconds that each sum takes in the rank's program besides. Default 50 µs. */
  readonly overhead?: number | undefined;
  /** Seconds until a rank notices that a step of a sum has ended. Default 50 µs: Moka's thread looks that often. */
  readonly pause?: number | undefined;
  /** The part of a core that each rank needs for messages under way while it computes. Default 0.3. */
  readonly progressCores?: number | undefined;
  /** Cores of a host. Default: those of this machine. */
  readonly cores?: number | undefined;
  /** How many times faster than this machine the hosts compute. Default 1. */
  readonly speed?: number | undefined;
  /** Records of each rank. Default: the net's. */
  readonly batch?: number | undefined;
  /** Records of all ranks together: each gets its part. Default: each rank has the net's batch, as in Caffe. */
  readonly globalBatch?: number | undefined;
  /** The batches to measure for `globalBatch`. Default: three, from the smallest part to the net's batch. */
  readonly batches?: readonly number[] | undefined;
  readonly iterSize?: number | undefined;
  /** Whether BatchNorm takes its statistics over all ranks. Default false. */
  readonly syncBatchNorm?: boolean | undefined;
  /** Default: see `defaultBucketBytes`. */
  readonly bucketBytes?: number | undefined;
  /** Bytes of a gradient in a message. Default 4; 2: in half precision. */
  readonly bytesPerGradient?: number | undefined;
  /** Default: the quickest that MPI libraries have. */
  readonly algorithm?: Algorithm | undefined;
  /** The solver's `type`. Default `SGD`. */
  readonly solver?: string | undefined;
  /** Iterations to time for each batch. Default 10. */
  readonly iterations?: number | undefined;
  /** Shapes of inputs and of tops of data layers, by name. */
  readonly shapes?: Readonly<Record<string, Shape>> | undefined;
}

/** Times in seconds, sizes in bytes. */
export interface ScaleReport {
  readonly name: string;
  readonly engine: string;
  readonly cluster: Cluster;
  readonly speed: number;
  readonly iterSize: number;
  readonly solver: string;
  readonly globalBatch: number | undefined;
  /** What was measured, by batch: of one rank that trains alone, and with synchronized BatchNorm if it is. */
  readonly measured: readonly MeasuredBatch[];
  /** The largest error of the times' linear fit to the batch, relative to what was measured; undefined with one batch. */
  readonly fitError: number | undefined;
  readonly gradients: { readonly bytes: number; readonly buckets: Workload["buckets"] };
  /** The sums that BatchNorm waits for in one forward and one backward; undefined without synchronized BatchNorm. */
  readonly sync: { readonly messages: number; readonly bytes: number } | undefined;
  readonly predictions: readonly Prediction[];
  /** What was assumed, guessed or left out. */
  readonly notes: readonly string[];
}

export interface MeasuredBatch {
  readonly batch: number;
  readonly iterations: number;
  readonly syncBatchNorm: boolean;
  readonly forward: number;
  readonly backward: number;
  readonly update: number;
  /** Half of the range of the middle two thirds of the iterations. */
  readonly spread: number;
  /** What forward and backward consist of. */
  readonly steps: Pick<IterationTimes, "forward" | "backward">;
}

/** A net, measured. */
interface Measured {
  readonly fit: TimeFit;
  readonly times: readonly IterationTimes[];
  readonly buckets: Workload["buckets"];
  readonly afterForward: number;
  readonly engine: string;
}

/** One of two ranks, whose sums take no time: what such a net computes is what one of many ranks does. */
const pretended = { ...alone, size: 2, names: ["rank 0 of 2", "rank 1 of 2"] };

/** The ranks agree after each update on what they were asked to do: one number. */
const bytesAfterUpdate = 8;

/**
 * Predicts the speed of data-parallel training on many ranks, from the times of the net's steps on this machine and a model of
 * messages. Data layers become inputs with random values: reading data is not counted.
 *
 * @throws MokaError as loading the net does; `MOKA_USAGE` if no parameter learns, or a shape of the data is not known
 */
export async function scale(source: NetSource, options: ScaleOptions): Promise<ScaleReport> {
  const { log = silent, signal } = options;
  const { perHost = 1, cores = coreCount(), speed = 1, iterSize = 1, iterations = 10, solver = "SGD" } = options;
  const { bucketBytes, bytesPerGradient = 4, syncBatchNorm = false, algorithm } = options;
  const { globalBatch } = options;
  const notes: string[] = [];
  const trained = await readTraining(source, options, notes);
  const batches = batchesOf(trained.batch, options);
  const measure = async (ranks: Ranks): Promise<Measured> => {
    const engine = await createEngine(options);
    try {
      const context = netContext(engine, options, 1);
      const net = await Net.build(trained.message, stateOf("TRAIN", options), {
        ...{ ...context, keep: "outputs", backward: true, ownsEngine: false, ranks },
      });
      try {
        const times: IterationTimes[] = [];
        for (const batch of batches) {
          net.reshape(Object.fromEntries(trained.inputs(batch)));
          fillInputs(net);
          times.push(await measureSteps(net, batch, { iterations, solver, signal }));
        }
        const buckets = bucketTimes(net, bucketBytes, bytesPerGradient);
        const afterForward = bytesAfterForward(net);
        return { fit: fitTimes(times), times, buckets, afterForward, engine: engine.description };
      } finally {
        await net.dispose();
      }
    } finally {
      await engine.dispose();
    }
  };
  const shared = await measure({ communicator: pretended, syncBatchNorm, averagesOf: "all" });
  // Only synchronized BatchNorm computes in another way than that of one rank alone.
  const plain = syncBatchNorm ? await measure(oneRank) : shared;
  const threads = options.engine === "reference" ? 1 : (options.threads ?? coreCount());
  const copied = options.localBandwidth ?? copyRate() / 2;
  const cluster: Cluster = {
    perHost,
    remote: { latency: options.latency, secondsPerByte: 1 / options.bandwidth },
    local: { latency: options.localLatency ?? 1e-6, secondsPerByte: 1 / copied },
    secondsPerReducedByte: 1 / (options.reduction ?? 10e9),
    overhead: options.overhead ?? 50e-6,
    pause: options.pause ?? 50e-6,
    ...{ cores, threads, progressCores: options.progressCores ?? 0.3 },
  };
  const faster = (times: IterationTimes) => eachTimes(times, (seconds) => seconds / speed);
  const workload = {
    ...{ buckets: shared.buckets, afterForward: shared.afterForward, afterUpdate: bytesAfterUpdate, iterSize },
    algorithms: algorithm === undefined ? usualAlgorithms : [algorithm],
  };
  const most = Math.max(...plain.times.map(({ batch }) => batch));
  const own = options.batch ?? trained.batch;
  const single = faster(plain.fit.at(globalBatch ?? own));
  const predictions = options.ranks.map((ranks) => {
    const batch = globalBatch === undefined ? own : Math.ceil(globalBatch / ranks);
    const { fit } = ranks === 1 ? plain : shared;
    return predict(ranks, cluster, workload, single, faster(fit.at(batch)));
  });
  if (globalBatch !== undefined) notes.push(...notesOnParts(globalBatch, options.ranks, most));
  const sums = [...(shared.times[0]?.forward ?? []), ...(shared.times[0]?.backward ?? [])].filter(
    (s) => s.waitsFor > 0,
  );
  if (syncBatchNorm && sums.length === 0) {
    notes.push("no layer sums statistics over ranks: --sync-bn changes nothing in this net");
  }
  if (perHost * threads > cores) {
    notes.push(
      `${perHost} ranks × ${threads} threads share ${cores} cores of a host: give --threads, or --cores of the real hosts`,
    );
  }
  for (const note of notes) log("warning", "moka:0", note);
  return {
    ...{ name: trained.message.name, engine: plain.engine, cluster, speed, iterSize, solver, globalBatch },
    measured: [...measuredOf(plain, iterations, false), ...(syncBatchNorm ? measuredOf(shared, iterations, true) : [])],
    fitError: batches.length > 1 ? Math.max(plain.fit.error, shared.fit.error) : undefined,
    gradients: {
      bytes: shared.buckets.reduce((sum, { bytes }) => sum + bytes, 0),
      buckets: shared.buckets,
    },
    sync: syncBatchNorm
      ? { messages: sums.length, bytes: sums.reduce((sum, { waitsFor }) => sum + waitsFor, 0) }
      : undefined,
    predictions,
    notes,
  };
}

function measuredOf({ times }: Measured, iterations: number, syncBatchNorm: boolean): MeasuredBatch[] {
  return times.map((each) => {
    const { forward, backward } = totalsOf(each);
    const { batch, update, spread } = each;
    const steps = { forward: each.forward, backward: each.backward };
    return { batch, iterations, syncBatchNorm, forward, backward, update, spread, steps };
  });
}

/** A net whose data layers are inputs. */
interface TrainedNet {
  readonly message: NetParameter;
  /** The records of its first input. */
  readonly batch: number;
  /** The shapes of its inputs for so many records. */
  inputs(batch: number): readonly (readonly [name: string, shape: Shape])[];
}

async function readTraining(source: NetSource, options: ScaleOptions, notes: string[]): Promise<TrainedNet> {
  const { log = silent, shapes = {} } = options;
  const files = openFiles(options);
  const message = await readNet(source, files, log);
  const layers = someLayers(message, stateOf("TRAIN", options), log);
  const catalog = createCatalog(options.layers);
  const context = {
    catalog,
    files,
    images: createImages(),
    phase: "TRAIN",
    log: silent,
    random: new Random(1),
  } as const;
  const given = new Map(Object.entries(shapes));
  const inferred = await inferShapes(layers, { ...context, given });
  const known = new Map<string, Shape>();
  for (const layer of layers.filter(isDataLayer)) {
    const found = inferred.layers.get(layer);
    layer.top.forEach((name, i) => {
      const shape = given.get(name) ?? found?.top[i];
      check(shape, "MOKA_USAGE", unknownShape(layer, name, found?.error));
      known.set(name, shape);
    });
    if (layer.type !== "Input")
      notes.push(`data layer "${layer.name}" (${layer.type}) is not read: ${inputsOf(layer, known)}`);
  }
  const batch = [...known.values()][0]?.[0];
  check(
    batch,
    "MOKA_USAGE",
    `net "${message.name}" has no input and no data layer: there is no batch to divide among ranks`,
  );
  const replaced = layers.map((layer) => asInput(layer, known));
  addLoss(replaced, message.name, notes);
  return {
    message: create(NetParameterSchema, { name: message.name, layer: replaced }),
    batch,
    inputs: (records) =>
      [...known].map(([name, shape]) => [name, shape[0] === batch ? [records, ...shape.slice(1)] : shape] as const),
  };
}

function inputsOf(layer: LayerParameter, shapes: ReadonlyMap<string, Shape>): string {
  return layer.top.map((name) => `"${name}" is an input of ${shapes.get(name)?.join("×")}`).join(", ");
}

function unknownShape(layer: LayerParameter, top: string, error: unknown): string {
  const why = error instanceof Error ? `: ${error.message}` : "";
  return `the shape of "${top}" of data layer "${layer.name}" (${layer.type}) is not known; give --shape ${top}=32,3,224,224${why}`;
}

/** Without a loss nothing would run backward: the tops of the last layer count as losses then. */
function addLoss(layers: readonly LayerParameter[], name: string, notes: string[]): void {
  const last = layers.at(-1);
  if (layers.some(isLoss) || !last) return;
  last.lossWeight = last.top.map(() => 1);
  notes.push(`net "${name}" has no loss: the top of its last layer, "${last.name}" (${last.type}), counts as one`);
}

/** The batches to measure. */
function batchesOf(own: number, options: ScaleOptions): readonly number[] {
  const { globalBatch, batches, batch = own, ranks } = options;
  if (globalBatch === undefined) return [batch];
  if (batches) return [...new Set(batches)].sort((a, b) => a - b);
  const parts = ranks.map((count) => Math.ceil(globalBatch / count));
  const low = Math.min(...parts);
  const high = Math.max(low, Math.min(Math.max(...parts), batch));
  const three = [low, Math.round(Math.sqrt(low * high)), high];
  const chosen = [...new Set(three)];
  return chosen.length === 1 && new Set(parts).size > 1 ? [low, 2 * low] : chosen;
}

function notesOnParts(globalBatch: number, ranks: readonly number[], most: number): readonly string[] {
  const uneven = ranks.filter((count) => globalBatch % count !== 0);
  const beyond = ranks.filter((count) => globalBatch / count > most);
  const empty = ranks.filter((count) => globalBatch < count);
  return [
    ...(uneven.length > 0
      ? [`${globalBatch} records do not divide by ${uneven.join(", ")} ranks: the largest part is what counts`]
      : []),
    ...(beyond.length > 0
      ? [`the times of ${beyond.join(", ")} ranks are extrapolated: no batch above ${most} was measured`]
      : []),
    ...(empty.length > 0
      ? [`with ${empty.join(", ")} ranks, some have no record: they are counted as if they had one`]
      : []),
  ];
}

/** Fills inputs with noise, as zeros compute faster than real data, and those that are labels or indices with zeros. */
function fillInputs(net: Net): void {
  const random = new Random(1);
  for (const name of net.inputs) {
    const values = net.blobs.get(name)?.data;
    if (values && takesIndices(net, name)) values.fill(0);
    else if (values) random.gaussian(values, 0, 1);
  }
}

/** The bytes a second at which this machine copies memory: the best of some copies of 16 MiB. */
function copyRate(): number {
  const [from, to] = [new Uint8Array(2 ** 24).fill(1), new Uint8Array(2 ** 24)];
  const rates = Array.from({ length: 8 }, () => {
    const start = performance.now();
    to.set(from);
    return (1000 * from.length) / (performance.now() - start);
  });
  return Math.max(...rates);
}
