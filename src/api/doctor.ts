import { isLoss } from "../core/layer-roles.js";
import type { LayerParameter } from "../proto/gen/caffe_pb.js";
import type { Weights } from "../proto/weight-sources.js";
import { type Cause, diagnose, type Measurements } from "../tools/batch-norm/causes.js";
import { type Comparison, compareStatistics, type LayerGap } from "../tools/batch-norm/compare.js";
import { type FactorReading, readFactor } from "../tools/batch-norm/factor.js";
import { normLayers } from "../tools/batch-norm/norm-layers.js";
import { accuraciesOf } from "../tools/batch-norm/outputs.js";
import { BatchNets, type BatchOptions } from "./batch-nets.js";
import type { NetSource } from "./read-text.js";

export interface DoctorOptions extends BatchOptions {
  /** The phase whose data layers are used. Default `TEST`. */
  readonly phase?: "TRAIN" | "TEST" | undefined;
}

export interface DoctorReport extends Comparison {
  readonly name: string;
  /** The engine that computed. */
  readonly engine: string;
  /** The phase whose data were used, the number of batches, and the rows in a batch. */
  readonly phase: "TRAIN" | "TEST";
  readonly batches: number;
  readonly batchSize: number;
  /** The BatchNorm layers in the order of the net, with their factors and the meaning of the factors. */
  readonly layers: readonly (LayerGap & { readonly factor: number; readonly reading: FactorReading })[];
  /** The layers' names, ordered by the difference of their outputs, the largest first. */
  readonly ranking: readonly string[];
  /** The first layer whose outputs differ while its inputs agree. */
  readonly gapStartsAt?: string;
  /** The causes, the most likely first; empty if nothing is wrong. */
  readonly causes: readonly Cause[];
}

/** Outputs differ if their relative error is above this; inputs agree if theirs is at most half of the outputs'. */
const largeError = 0.25;

/**
 * Looks for the cause if a net with BatchNorm has worse results in testing than in training. It runs batches in
 * phase TEST twice, with BatchNorm normalizing by the batch and by the averages, and compares. No weights change.
 *
 * @param model the net, as for `Net.load`
 * @param weights files or messages, as for `net.copyTrainedLayersFrom`
 * @param options `iterations` is 10 by default, or each row of given arrays once; the progress counts `batches`
 * @throws MokaError `MOKA_USAGE` if there are no data to run on
 * @example
 * ```ts
 * const { causes, ranking } = await doctor("train_val.prototxt", "net.caffemodel", { iterations: 2 });
 * for (const { title, evidence, remedy } of causes) console.log(title, evidence, remedy);
 * ```
 */
export async function doctor(model: NetSource, weights: Weights, options: DoctorOptions = {}): Promise<DoctorReport> {
  const { phase = "TEST" } = options;
  return BatchNets.use(model, options, async (nets) => {
    const source = await nets.batches(phase);
    const global = await nets.build(source, "global");
    await global.copyTrainedLayersFrom(weights, undefined, false);
    const batch = await nets.build(source, "batch");
    batch.copyTrainedLayers(global.toMessage());
    const iterations = nets.iterations(source, 10);
    const comparison = await compareStatistics(batch, global, source, iterations, options);
    const norms = new Map(normLayers(nets.layers("TEST")).map((norm) => [norm.name, norm]));
    const layers = comparison.layers.map((gap) => {
      const blobs = global.params.get(gap.name) ?? [];
      const factor = blobs[2]?.data[0] ?? 0;
      const hasVariance = blobs[1]?.data.some((value) => value !== 0) ?? false;
      const { fraction = 0.999 } = norms.get(gap.name) ?? {};
      return { ...gap, factor, fraction, reading: readFactor(factor, fraction), hasVariance };
    });
    const batchSize = [...source.shapes.values()][0]?.[0] ?? 1;
    const trainLayers = nets.layers("TRAIN");
    const measured: Measurements = {
      layers,
      train: normLayers(trainLayers),
      test: [...norms.values()],
      trains: nets.hasData("TRAIN") || trainLayers.some(isLoss),
      phase,
      batches: iterations,
      batchSize,
      trainBatchSize: options.data === undefined && phase === "TRAIN" ? batchSize : batchSizeOf(trainLayers),
      scores: comparison,
      accuracies: accuraciesOf(global),
    };
    const gapStart = layers.find(
      ({ inputError, outputError }) => outputError > largeError && inputError <= outputError / 2,
    );
    return {
      name: nets.message.name,
      engine: nets.engine,
      phase,
      batches: iterations,
      batchSize,
      ...comparison,
      layers: layers.map(({ hasVariance: _, fraction: __, ...layer }) => layer),
      ranking: [...layers].sort(byOutputError).map(({ name }) => name),
      ...(gapStart && { gapStartsAt: gapStart.name }),
      causes: diagnose(measured),
    };
  });
}

/** Orders by output error, the largest first. NaN counts as infinite. */
function byOutputError(a: LayerGap, b: LayerGap): number {
  const distance = ({ outputError }: LayerGap) => (Number.isNaN(outputError) ? Number.POSITIVE_INFINITY : outputError);
  const [first, second] = [distance(a), distance(b)];
  return first === second ? 0 : second - first;
}

/** The `batch_size` of the first data layer that has one. */
function batchSizeOf(layers: readonly LayerParameter[]): number | undefined {
  const sizes = layers.map(
    ({ dataParam, imageDataParam, hdf5DataParam, memoryDataParam, windowDataParam, dummyDataParam }) =>
      [dataParam, imageDataParam, hdf5DataParam, memoryDataParam, windowDataParam].find((param) => param)?.batchSize ??
      dummyDataParam?.shape[0]?.dim.map(Number)[0],
  );
  return sizes.find((size) => size !== undefined && size > 0);
}
