import { create } from "@bufbuild/protobuf";
import { WeightFileStore } from "../data/weight-files.js";
import { makeBlob } from "../proto/binary/index.js";
import { LayerParameterSchema } from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import type { Weights } from "../proto/weight-sources.js";
import { feed } from "../tools/batch-norm/fed-net.js";
import { leftOut, type NormBlobs } from "../tools/batch-norm/norm-layers.js";
import { ScoreMean, type Scores } from "../tools/batch-norm/outputs.js";
import {
  measure,
  normBlobsOf,
  putNormBlobs,
  type StatisticsMethod,
  type StatisticsMove,
  statisticsMethods,
  statisticsMove,
} from "../tools/batch-norm/recompute.js";
import { check } from "../util/errors.js";
import { silent } from "../util/log.js";
import { checkOptions } from "../util/options.js";
import { upTo, watched } from "../util/work.js";
import { BatchNets, type BatchOptions } from "./batch-nets.js";
import type { NetSource } from "./read-text.js";

export interface CalibrateOptions extends BatchOptions {
  /**
   * `pooled`: mean and total variance over all values of all batches, with a factor of 1. `moving`: Caffe's moving
   * average over the batches, one after the other, starting with empty statistics. Default `pooled`.
   */
  readonly method?: StatisticsMethod | undefined;
  /** The phase whose data layers are used. Default: TRAIN, as in training, if it has data layers; else TEST. */
  readonly phase?: "TRAIN" | "TEST" | undefined;
  /** The path to write the weights with the new statistics to. Default: nothing is written. */
  readonly output?: string | undefined;
}

export interface CalibrateReport {
  readonly name: string;
  readonly method: StatisticsMethod;
  /** The phase whose data were used, and the number of batches. */
  readonly phase: "TRAIN" | "TEST";
  readonly batches: number;
  /** The BatchNorm layers in the order of the net, and how much their statistics changed. */
  readonly layers: readonly (StatisticsMove & { readonly name: string; readonly factor: number })[];
  /** The phase whose data the scores are measured on. */
  readonly scoredOn: "TRAIN" | "TEST";
  /** The net's scores with the old statistics, and with the new ones. */
  readonly before: Scores;
  readonly after: Scores;
  /** The path of the weights that were written. */
  readonly output?: string;
}

/**
 * Recomputes the statistics of all BatchNorm layers. During this, each BatchNorm normalizes by the batch, so that the
 * bottoms of the layers after it are as in training. All else is as in phase TEST. The other weights and the weight file do
 * not change.
 *
 * Loss and accuracy are measured with the old and the new statistics, on the same number of batches: of TEST's data
 * layers if there are some, else of the same data.
 *
 * @param model the net, as for `Net.load`
 * @param weights files or messages, as for `net.copyTrainedLayersFrom`
 * @param options `iterations` is 50 by default, or each row of given arrays once; the progress counts `batches`, each
 * one to measure and one to score
 * @throws MokaError `MOKA_USAGE` if there are no data, or no BatchNorm layers
 * @example
 * ```ts
 * const { before, after } = await calibrate("train_val.prototxt", "net.caffemodel", {
 *   iterations: 2,
 *   output: "calibrated.caffemodel",
 * });
 * ```
 */
export async function calibrate(
  model: NetSource,
  weights: Weights,
  options: CalibrateOptions = {},
): Promise<CalibrateReport> {
  checkOptions("calibrate", options);
  const { method = "pooled", output } = options;
  const methods = statisticsMethods.join(", ");
  check(statisticsMethods.includes(method), "MOKA_USAGE", `there is no method "${method}"; there are ${methods}`);
  return BatchNets.use(model, options, async (nets) => {
    const { files } = nets;
    if (output !== undefined) await files.probe(output);
    const phase = options.phase ?? (nets.hasData("TRAIN") && options.data === undefined ? "TRAIN" : "TEST");
    const source = await nets.batches(phase);
    const iterations = nets.iterations(source, 50);
    const global = await nets.build(source, "global");
    await global.copyTrainedLayersFrom(weights, undefined, false);
    const old = normBlobsOf(global);
    const forks = leftOut(nets.layers("TEST"), "calibrate measures for BVLC Caffe's BatchNorm");
    check(
      old.size > 0,
      "MOKA_USAGE",
      `the net has no BatchNorm layers to calibrate${forks === undefined ? "" : `; ${forks}`}`,
    );
    if (forks !== undefined) options.log?.("warning", "moka:0", forks);
    const batch = await nets.build(source, "batch");
    batch.copyTrainedLayers(global.toMessage());
    // Each batch is run to measure, and again to score.
    const total = 2 * iterations;
    const next = await measure(batch, source, iterations, method, { work: options, total });

    const scoredOn = nets.hasData("TEST") && options.data === undefined ? "TEST" : phase;
    const scored = await nets.batches(scoredOn);
    const [before, after] = [new ScoreMean(), new ScoreMean()];
    const count = { what: "batches", done: iterations, total } as const;
    for await (const _ of watched(upTo(iterations), count, options)) {
      feed(global, await scored.next());
      for (const [blobs, scores] of [[old, before] as const, [next, after] as const]) {
        putNormBlobs(global, blobs);
        await global.runForward();
        scores.add(global);
      }
    }
    options.signal?.throwIfAborted();
    if (output !== undefined) await save(next, weights, output, nets);
    return {
      name: nets.message.name,
      method,
      phase,
      batches: iterations,
      layers: [...next].map(([name, blobs]) => {
        const was = old.get(name) ?? blobs;
        return { name, factor: blobs.factor, ...statisticsMove(was, blobs) };
      }),
      scoredOn,
      before: before.result(),
      after: after.result(),
      ...(output !== undefined && { output }),
    };
  });
}

/** Writes the weights with these statistics. Layers that the net does not have are written too. */
async function save(
  statistics: ReadonlyMap<string, NormBlobs>,
  weights: Weights,
  output: string,
  nets: BatchNets,
): Promise<void> {
  const { files } = nets;
  const layersOfNet = new Map(nets.layers("TEST").map((layer) => [layer.name, layer]));
  const store = new WeightFileStore(files, silent);
  const message = await store.readAll(weights);
  const layers = new Map(message.layer.map((layer) => [layer.name, layer]));
  for (const [name, { mean, variance, factor }] of statistics) {
    // A layer that is not in the weights is taken from the net.
    const layer = layers.get(name) ?? layersOfNet.get(name);
    const copy = layer ? copyMessage(LayerParameterSchema, layer) : create(LayerParameterSchema, { name });
    copy.blobs = [mean, variance, Float32Array.of(factor)].map((data) => makeBlob([data.length], { data }));
    layers.set(name, copy);
  }
  message.layer = [...layers.values()];
  await store.write(output, message);
}
