import type { Layer } from "../../core/layer.js";
import type { Net } from "../../core/net.js";
import type { Span } from "../../core/span.js";
import { isForksNorm } from "../../layers/normalization/batch-norm-forks.js";
import { storedStatistics } from "../../layers/normalization/batch-norm-param.js";
import { upTo, type WorkOptions, watched } from "../../util/work.js";
import type { BatchSource } from "./batches.js";
import { feed } from "./fed-net.js";
import { Moments } from "./moments.js";
import { type NormBlobs, normBlobsIn } from "./norm-layers.js";

export const statisticsMethods = ["pooled", "moving"] as const;
/** How new averages are made; see `CalibrateOptions`. */
export type StatisticsMethod = (typeof statisticsMethods)[number];

/** Copies of the blobs of all BatchNorm layers, by layer name. */
export function normBlobsOf(net: Net): Map<string, NormBlobs> {
  return new Map(normsOf(net).map((layer) => [layer.name, normBlobsIn(layer)]));
}

export function putNormBlobs(net: Net, blobs: ReadonlyMap<string, NormBlobs>): void {
  for (const { name, params } of normsOf(net)) {
    const own = blobs.get(name);
    if (!own) continue;
    [own.mean, own.variance, [own.factor]].forEach((values, i) => void params[i]?.data.array.set(values));
  }
}

/**
 * Measures the statistics of all BatchNorm layers of a net that normalizes by the batch. This changes the net's own blobs.
 *
 * `pooled`: the mean and the variance (÷ m − 1) of all m values of a channel over all batches, in double precision; the
 * factor is 1. Layers that share their blobs by `param { name }` are measured as one.
 * `moving`: the blobs start at 0, and each forward moves them by `moving_average_fraction`, as in training.
 *
 * @param total the number of batches of the work that this is the first part of
 */
export async function measure(
  net: Net,
  source: BatchSource,
  iterations: number,
  method: StatisticsMethod,
  { work, total }: { readonly work: WorkOptions; readonly total: number },
): Promise<Map<string, NormBlobs>> {
  const moves = method === "moving";
  if (moves) for (const { params } of normsOf(net)) for (const { data } of params) data.array.fill(0);
  const pooled = new Map<Span, Moments>();
  for await (const _ of watched(upTo(iterations), { what: "batches", total }, work)) {
    feed(net, await source.next());
    await (moves ? net.runForward() : addBatch(net, pooled));
  }
  if (moves) return normBlobsOf(net);
  const entries = normsOf(net).flatMap(({ name, params }): [string, NormBlobs][] => {
    const moments = params[0] && pooled.get(params[0].data);
    if (!moments) return [];
    const [mean, variance] = [Float32Array.from(moments.mean), Float32Array.from(moments.variance(true))];
    return [[name, { mean, variance, factor: 1 }]];
  });
  return new Map(entries);
}

/** Runs the net up to its last BatchNorm, and adds the bottom of each BatchNorm to its moments. */
async function addBatch(net: Net, pooled: Map<Span, Moments>): Promise<void> {
  let start = 0;
  for (const [index, { layer, bottom }] of net.nodes.entries()) {
    const [x, owner] = [bottom[0], layer.params[0]?.data];
    if (!isOwnNorm(layer) || !x || !owner) continue;
    if (index > start) await net.runForward(start, index - 1);
    start = index;
    const moments = pooled.get(owner) ?? new Moments(x.shape[1] ?? 1);
    pooled.set(owner, moments);
    moments.add(x.data.array, x.shape);
  }
}

/** The change of the means and variances, that is, of the blobs divided by the factor. */
export interface StatisticsMove {
  /** The distance of the new mean from the old in units of the new σ, root mean square over the channels. */
  readonly meanShift: number;
  /** The new variance ÷ the old one: least and largest value over the channels; infinite if the old one was 0. */
  readonly varianceRatio: { readonly min: number; readonly max: number };
}

export function statisticsMove(from: NormBlobs, to: NormBlobs): StatisticsMove {
  const of = ({ mean, variance, factor }: NormBlobs) =>
    [storedStatistics(mean, factor), storedStatistics(variance, factor)] as const;
  const [[oldMean, oldVariance], [mean, variance]] = [of(from), of(to)];
  const ratios = variance.map((now, c) => (now === oldVariance[c] ? 1 : now / (oldVariance[c] ?? 0)));
  const shifts = mean.map((now, c) => {
    const distance = now - (oldMean[c] ?? 0);
    return distance === 0 ? 0 : distance ** 2 / (variance[c] ?? 0);
  });
  return {
    meanShift: Math.sqrt(shifts.reduce((a, b) => a + b, 0) / Math.max(1, shifts.length)),
    varianceRatio: { min: Math.min(...ratios), max: Math.max(...ratios) },
  };
}

function normsOf(net: Net): readonly Layer[] {
  return net.layers.filter(isOwnNorm);
}

/** Whether a layer is BVLC's BatchNorm. */
function isOwnNorm({ type, message }: Layer): boolean {
  return type === "BatchNorm" && !isForksNorm(message);
}
