import { connect } from "../../core/graph.js";
import type { Layer } from "../../core/layer.js";
import { isForksNorm } from "../../layers/normalization/batch-norm-forks.js";
import { batchNormParam, writtenGlobalStats } from "../../layers/normalization/batch-norm-param.js";
import { scaleBehind } from "../../layers/normalization/scale-behind.js";
import { blobValues } from "../../proto/binary/index.js";
import type { BlobProto, LayerParameter } from "../../proto/gen/caffe_pb.js";
import { MokaError } from "../../util/errors.js";
import { counted, listed } from "../../util/words.js";

/** A BatchNorm with the settings in its message, and the Scale after it. */
export interface NormLayer {
  readonly message: LayerParameter;
  readonly name: string;
  readonly eps: number;
  /** `moving_average_fraction`. */
  readonly fraction: number;
  /** `use_global_stats`; undefined if the phase decides. */
  readonly useGlobalStats: boolean | undefined;
  readonly scale: LayerParameter | undefined;
}

/**
 * The BatchNorm layers of BVLC's Caffe among `layers`, those of one state of a net or of a caffemodel, in their order.
 *
 * @param rankOf the number of axes of a layer's top, if it is known: a Scale may count its axis from the end
 */
export function normLayers(
  layers: readonly LayerParameter[],
  rankOf: (layer: LayerParameter) => number | undefined = () => undefined,
): NormLayer[] {
  const graph = connect(layers);
  return layers.flatMap((message) => {
    if (message.type !== "BatchNorm" || isForksNorm(message)) return [];
    const param = batchNormParam(message);
    return {
      message,
      name: message.name,
      eps: param.eps,
      fraction: param.movingAverageFraction,
      useGlobalStats: writtenGlobalStats(message),
      scale: scaleBehind(graph, message, rankOf(message)),
    };
  });
}

/**
 * A sentence that says which batch normalizations are left out, because they are forks'; undefined if there are none.
 *
 * @param blobs the number of a layer's blobs in the weights, if that is known
 */
export function leftOut(
  layers: readonly LayerParameter[],
  what: string,
  blobs: (layer: LayerParameter) => number | undefined = () => undefined,
): string | undefined {
  const forks = layers.filter((layer) => isForksNorm(layer, blobs(layer)));
  if (forks.length === 0) return undefined;
  const names = forks.map(({ name, type }) => `"${name}" (${type})`);
  return (
    `${listed(names, 5)} ${forks.length > 1 ? "are batch normalizations of a fork, with scale and shift inside, and are" : "is a batch normalization of a fork, with scale and shift inside, and is"} ` +
    `left out: ${what}. moka fix writes BatchNorm and Scale instead, with --weights in the weights too`
  );
}

type Blobs = [mean: Float32Array, variance: Float32Array, factor: Float32Array];

/** Copies of the parameters of a BatchNorm in a net. */
export function normBlobsIn({ params }: Layer): NormBlobs {
  const [mean, variance, factor] = params.map(({ data }) => Float32Array.from(data.array)) as Blobs;
  return { mean, variance, factor: factor[0] ?? 0 };
}

/** M, V and s of a BatchNorm, in the form of a weight file. */
export interface NormBlobs {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly factor: number;
}

/**
 * The three blobs of BVLC Caffe's BatchNorm.
 *
 * @throws MokaError `MOKA_WEIGHTS` for the layouts of forks, with 2, 4 or 5, and for blobs that do not fit together
 */
export function storedBlobs(
  layer: { readonly name: string; readonly type: string },
  blobs: readonly BlobProto[],
  origin: string,
): NormBlobs {
  const fail = (reason: string) => new MokaError("MOKA_WEIGHTS", reason, { layer });
  if (blobs.length !== 3) {
    throw fail(
      `in ${origin} it has ${counted(blobs.length, "blob")}; BVLC Caffe's BatchNorm has three: mean, variance and factor. ` +
        "Forks of Caffe keep others",
    );
  }
  const [mean, variance, factor] = blobs.map((blob) => blobValues(blob).data) as Blobs;
  if (mean.length === 0 || mean.length !== variance.length || factor.length !== 1) {
    const counts = [mean, variance, factor].map(({ length }) => length).join(", ");
    throw fail(
      `in ${origin} it has blobs of ${counts} values, where mean and variance have one each a channel, and the factor one`,
    );
  }
  return { mean, variance, factor: factor[0] ?? 0 };
}
