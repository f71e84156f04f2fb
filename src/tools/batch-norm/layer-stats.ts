import { storedStatistics } from "../../layers/normalization/batch-norm-param.js";
import { blobValues } from "../../proto/binary/index.js";
import type { BlobProto } from "../../proto/gen/caffe_pb.js";
import { formatNumber } from "../../util/number-format.js";
import { type Distribution, distributionOf } from "./distribution.js";
import { type FactorReading, readFactor } from "./factor.js";
import { type NormLayer, storedBlobs } from "./norm-layers.js";

/** A channel that is constant or has suspicious values, with the reason. */
export interface FlaggedChannel {
  /** From 0. */
  readonly channel: number;
  /** Why, with its numbers. */
  readonly reason: string;
}

/** One value per channel, and their distribution. */
export interface ChannelValues extends Distribution {
  /** A number for each channel. */
  readonly values: readonly number[];
}

/** The stored statistics of one BatchNorm. */
export interface BatchNormStats {
  readonly name: string;
  readonly channels: number;
  /** `eps` of the layer. */
  readonly eps: number;
  /** `moving_average_fraction`. */
  readonly fraction: number;
  /** The value in the prototxt; absent if the phase decides. */
  readonly useGlobalStats?: boolean;
  /** The third blob, and its meaning. */
  readonly factor: number;
  /** What the factor means. */
  readonly reading: FactorReading;
  /** The mean and variance that the layer uses: the blobs divided by the factor, or 0 if the factor is 0. */
  readonly mean: ChannelValues;
  readonly variance: ChannelValues;
  /** The blobs in the file, not divided. */
  readonly rawMean: ChannelValues;
  readonly rawVariance: ChannelValues;
  /** The name of the Scale after it, with its γ and β; absent without one, or without its weights. */
  readonly scale?: string;
  readonly gamma?: ChannelValues;
  readonly beta?: ChannelValues;
  /** γ/√(variance + eps), by which the two layers multiply; without a Scale 1/√(variance + eps). */
  readonly gain: ChannelValues;
  /**
   * Only where the factor is 0 and mean and variance are not: what the layer would use with a factor of 1, for which such
   * blobs were written.
   */
  readonly withFactor1?: Pick<BatchNormStats, "mean" | "variance" | "gain">;
  /** Channels that are constant: a variance or a γ of about 0. */
  readonly dead: readonly FlaggedChannel[];
  /** Channels with impossible values, or a gain far above the layer's median. */
  readonly suspicious: readonly FlaggedChannel[];
}

/** A channel with a variance below this, or below this share of its layer's median variance, counts as constant. */
const leastVariance = 1e-10;
const leastShare = 1e-6;
/** The same for the magnitude of γ. */
const leastGamma = 1e-6;
const leastGammaShare = 1e-4;
/** A gain above this multiple of its layer's median is suspicious. */
const mostGain = 100;

/**
 * @param blobs those of the BatchNorm
 * @param scaleBlobs those of its Scale, if it has one
 * @param origin names the weights in errors
 * @throws MokaError `MOKA_WEIGHTS` if these are not BVLC Caffe's three blobs
 */
export function layerStats(
  { message, name, eps, fraction, useGlobalStats, scale }: NormLayer,
  blobs: readonly BlobProto[],
  scaleBlobs: readonly BlobProto[],
  origin: string,
): BatchNormStats {
  const { mean: rawMean, variance: rawVariance, factor } = storedBlobs(message, blobs, origin);
  const mean = storedStatistics(rawMean, factor);
  const variance = storedStatistics(rawVariance, factor);
  const { length: channels } = mean;
  const [gamma, beta] = scaleBlobs.map((blob) => blobValues(blob).data).filter(({ length }) => length === channels);
  const gainOf = (variance: ArrayLike<number>) =>
    Float64Array.from(variance, (value, c) => (gamma?.[c] ?? 1) / Math.sqrt(value + eps));
  const gain = gainOf(variance);
  const reading = readFactor(
    factor,
    fraction,
    [...rawMean, ...rawVariance].some((value) => value !== 0),
  );
  return {
    name,
    channels,
    eps: tidy(eps),
    fraction: tidy(fraction),
    ...(useGlobalStats !== undefined && { useGlobalStats }),
    factor,
    reading,
    mean: channelValues(mean),
    variance: channelValues(variance, true),
    rawMean: channelValues(rawMean),
    rawVariance: channelValues(rawVariance, true),
    ...(scale && gamma && { scale: scale.name }),
    ...(gamma && { gamma: channelValues(gamma) }),
    ...(beta && { beta: channelValues(beta) }),
    gain: channelValues(gain),
    ...(reading.state === "left out" && {
      withFactor1: {
        mean: channelValues(rawMean),
        variance: channelValues(rawVariance, true),
        gain: channelValues(gainOf(rawVariance)),
      },
    }),
    ...flagged(mean, variance, gain, gamma, factor),
  };
}

function flagged(
  mean: Float64Array,
  variance: Float64Array,
  gain: Float64Array,
  gamma: Float32Array | undefined,
  factor: number,
): Pick<BatchNormStats, "dead" | "suspicious"> {
  const dead: FlaggedChannel[] = [];
  const suspicious: FlaggedChannel[] = [];
  const usualVariance = distributionOf(variance).median;
  const usualGamma = gamma && distributionOf(gamma.map(Math.abs)).median;
  const usualGain = distributionOf(gain.map(Math.abs)).median;
  variance.forEach((value, channel) => {
    const [center = 0, times = 0, g] = [mean[channel], gain[channel], gamma?.[channel]];
    const is = (list: FlaggedChannel[], reason: string) => list.push({ channel, reason });
    if (!Number.isFinite(center)) is(suspicious, `mean ${formatNumber(center)}`);
    else if (!Number.isFinite(value)) is(suspicious, `variance ${formatNumber(value)}`);
    else if (g !== undefined && !Number.isFinite(g)) is(suspicious, `γ ${formatNumber(g)}`);
    else if (value < 0) is(suspicious, `negative variance ${formatNumber(value)}`);
    // A factor of 0 says for the whole layer that nothing was ever measured.
    else if (factor !== 0 && (value <= leastVariance || value < leastShare * usualVariance)) {
      is(dead, `variance ${formatNumber(value, 3)}`);
    } else if (g !== undefined && Math.abs(g) <= Math.max(leastGamma, leastGammaShare * (usualGamma ?? 0))) {
      is(dead, `γ ${formatNumber(g, 3)}`);
    } else if (Math.abs(times) > mostGain * usualGain) {
      is(suspicious, `gain ${formatNumber(times, 3)}, ${Math.round(Math.abs(times) / usualGain)} times the median`);
    }
  });
  return { dead, suspicious };
}

function channelValues(values: Float32Array | Float64Array, isLog = false): ChannelValues {
  return { ...distributionOf(values, isLog), values: [...values] };
}

/** The shortest decimal for a float: 0.999, not 0.9990000128746033. */
function tidy(float: number): number {
  return Number(float.toPrecision(7));
}
