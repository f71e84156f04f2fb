import { isLoss } from "../core/layer-roles.js";
import type { LayerParameter } from "../proto/gen/caffe_pb.js";
import { diagnose } from "../tools/batch-norm/causes.js";
import { type Comparison, compareStatistics, type LayerGap } from "../tools/batch-norm/compare.js";
import { type FactorReading, readFactor } from "../tools/batch-norm/factor.js";
import type { Cause, Measurements } from "../tools/batch-norm/measurements.js";
import { normLayers } from "../tools/batch-norm/norm-layers.js";
import { accuraciesOf } from "../tools/batch-norm/outputs.js";
import { check } from "../util/errors.js";
import { BatchNets, type BatchOptions } from "./batch-nets.js";

export interface DoctorOptions extends BatchOptions {
  /** Whose data layers to take the batches from. Default `TEST`. */
  readonly phase?: "TRAIN" | "TEST" | undefined;
}

export interface DoctorReport extends Comparison {
  readonly name: string;
  readonly engine: string;
  /** The phase whose data layers bring the batches, their number, and the images in each. */
  readonly phase: "TRAIN" | "TEST";
  readonly batches: number;
  readonly batchSize: number;
  /** The BatchNorm layers in the order of the net, with what their factors say. */
  readonly layers: readonly (LayerGap & { readonly factor: number; readonly reading: FactorReading })[];
  /** Their names, by output error, the largest first. */
  readonly ranking: readonly string[];
  /** The first whose inputs agree in both nets and whose outputs do not. */
  readonly gapStartsAt?: string;
  /** Likeliest first; none if nothing is wrong. */
  readonly causes: readonly Cause[];
}

/** The gap starts at a layer with an output error above this, if its input error is at most half its output error. */
const leastGap = 0.25;

/**
 * Looks for what makes a net with BatchNorm test worse than it trains: runs the same batches, in phase TEST, once with all
 * BatchNorm layers normalizing by the batch, once by their averages, and compares. The weights are not changed.
 *
 * @param model the net's prototxt: its path, or, if it has a newline, its text
 * @param weights a caffemodel's path, or several separated by commas
 * @param options `iterations` is 10 by default, or each row of given arrays once
 * @throws MokaError `MOKA_USAGE` if there are no data to run on
 */
export async function doctor(model: string, weights: string, options: DoctorOptions = {}): Promise<DoctorReport> {
  const { phase = "TEST" } = options;
  check(phase === "TRAIN" || phase === "TEST", "MOKA_USAGE", `phase must be "TRAIN" or "TEST", not "${phase}"`);
  return BatchNets.use(model, options, async (nets) => {
    const source = await nets.batches(phase);
    const global = await nets.fedNet(source, "global");
    await global.copyTrainedLayersFrom(weights);
    const batch = await nets.fedNet(source, "batch");
    batch.copyTrainedLayers(global.toMessage());
    const iterations = nets.iterations(source, 10);
    const comparison = await compareStatistics(batch, global, source, iterations);
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
      ({ inputError, outputError }) => outputError > leastGap && inputError <= outputError / 2,
    );
    return {
      name: nets.message.name,
      engine: nets.engine,
      phase,
      batches: iterations,
      batchSize,
      ...comparison,
      layers: layers.map(({ hasVariance: _, fraction: __, ...layer }) => layer),
      ranking: [...layers].sort(byDistance).map(({ name }) => name),
      ...(gapStart && { gapStartsAt: gapStart.name }),
      causes: diagnose(measured),
    };
  });
}

/** An error that is not finite counts as the largest. */
function byDistance(a: LayerGap, b: LayerGap): number {
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
