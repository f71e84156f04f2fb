import { blobShape, makeBlob } from "../proto/binary/blob.js";
import type { NetParameter } from "../proto/gen/caffe_pb.js";
import type { LintLayer } from "./layer.js";
import { epsOf, statisticsOf } from "./statistics.js";
import type { Blobs } from "./weights.js";

/** New values of a layer's blobs, in order; undefined for those that stay. */
type Values = readonly (readonly number[] | undefined)[];

/** y = scale·x + shift, by channel. */
interface Affine {
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

/** A change of trained weights. */
export type Change = (weights: NetParameter) => void;

/**
 * Puts what a BatchNorm does in TEST, behind Scale and Bias layers, into the Scale that follows them. Undefined if the weights do
 * not fit that.
 */
export function intoScaleBehind(
  blobs: Blobs,
  affine: readonly LintLayer[],
  norm: LintLayer,
  scale: LintLayer,
): Change | undefined {
  const stored = normalization(blobs, norm);
  const before = stored && composed(blobs, affine, stored.scale.length);
  const [gamma, beta] = pair(blobs, scale, stored?.scale.length);
  if (!stored || !before || !gamma || !beta) return undefined;
  const shift = before.shift.map((value, c) => value * at(stored.scale, c) + at(stored.shift, c));
  return change(scale.name, [
    gamma.map((value, c) => value * at(before.scale, c) * at(stored.scale, c)),
    beta.map((value, c) => value + at(gamma, c) * at(shift, c)),
  ]);
}

/** Puts what a BatchNorm does in TEST into the Scale right before it. */
export function intoScaleBefore(blobs: Blobs, scale: LintLayer, norm: LintLayer): Change | undefined {
  const stored = normalization(blobs, norm);
  const [gamma, beta] = pair(blobs, scale, stored?.scale.length);
  if (!stored || !gamma || !beta) return undefined;
  return change(scale.name, [
    gamma.map((value, c) => value * at(stored.scale, c)),
    beta.map((value, c) => value * at(stored.scale, c) + at(stored.shift, c)),
  ]);
}

/**
 * Takes what Scale and Bias layers do out of the averages of the BatchNorm behind them, so that it normalizes the same without
 * them. What eps made of the channels' scale, and their sign, goes into `scale`: the Scale behind, or the one from before the
 * BatchNorm, which then starts anew.
 */
export function outOfAverages(
  blobs: Blobs,
  affine: readonly LintLayer[],
  norm: LintLayer,
  scale: LintLayer,
): Change | undefined {
  const statistics = statisticsOf(blobs, norm);
  const count = statistics?.mean.length ?? 0;
  const before = composed(blobs, affine, count);
  const [gamma, beta] = blobs.of(scale).map(({ data }) => [...data]);
  if (!statistics?.factor || !before || before.scale.includes(0) || gamma?.length !== count) return undefined;
  const { factor, mean, variance } = statistics;
  const eps = epsOf(norm);
  const own = mean.map((value, c) => (value - at(before.shift, c)) / at(before.scale, c));
  const spread = variance.map((value, c) => value / at(before.scale, c) ** 2);
  const kept = spread.map((value, c) => at(before.scale, c) * Math.sqrt((value + eps) / (at(variance, c) + eps)));
  const isMoved = affine.includes(scale);
  const moved = [kept, beta?.map(() => 0)];
  const changes = [
    change(norm.name, [own.map((value) => value * factor), spread.map((value) => value * factor)]),
    change(scale.name, isMoved ? moved : [gamma.map((value, c) => value * at(kept, c))]),
  ];
  return (weights) => {
    for (const each of changes) each(weights);
  };
}

/** What a BatchNorm does in TEST. */
function normalization(blobs: Blobs, norm: LintLayer): Affine | undefined {
  const statistics = statisticsOf(blobs, norm);
  if (!statistics) return undefined;
  const scale = statistics.variance.map((value) => 1 / Math.sqrt(value + epsOf(norm)));
  const shift = statistics.mean.map((value, c) => -value * at(scale, c));
  return [...scale, ...shift].every(Number.isFinite) ? { scale, shift } : undefined;
}

/** What Scale and Bias layers do one after the other; undefined if the weights do not have them. */
function composed(blobs: Blobs, layers: readonly LintLayer[], channels: number): Affine | undefined {
  let scale = Array.from({ length: channels }, () => 1);
  let shift = scale.map(() => 0);
  for (const layer of layers) {
    const own = blobs
      .of(layer)
      .map(({ data }) => Array.from(scale, (_, c) => data[data.length === 1 ? 0 : c] ?? Number.NaN));
    const [gamma, beta] = layer.type === "Bias" ? [scale.map(() => 1), own[0]] : [own[0], own[1]];
    if (!gamma || own.flat().some(Number.isNaN)) return undefined;
    scale = scale.map((value, c) => value * at(gamma, c));
    shift = shift.map((value, c) => value * at(gamma, c) + (beta?.[c] ?? 0));
  }
  return { scale, shift };
}

/** γ and β of a Scale that has both, for so many channels. */
function pair(blobs: Blobs, scale: LintLayer, channels: number | undefined): readonly (readonly number[])[] {
  const values = blobs.of(scale).map(({ data }) => [...data]);
  return values.length === 2 && values.every(({ length }) => length === channels) ? values : [];
}

function change(name: string, values: Values): Change {
  return ({ layer: layers }) => {
    const layer = layers.find((each) => each.name === name);
    if (!layer) return;
    layer.blobs = layer.blobs.map((blob, index) => {
      const data = values[index];
      return data ? makeBlob(blobShape(blob), { data: Float32Array.from(data) }) : blob;
    });
  };
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? Number.NaN;
}
