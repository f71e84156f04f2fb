import { create, isFieldSet } from "@bufbuild/protobuf";
import { blobValues } from "../../proto/binary/blob.js";
import {
  type BlobProto,
  BNParameter_BNMode,
  BNParameterSchema,
  type LayerParameter,
  LayerParameterSchema,
  Phase,
} from "../../proto/gen/caffe_pb.js";
import { silent } from "../../util/log.js";
import { chooseBatchNorm } from "./batch-norm-forks.js";
import { leastEps } from "./batch-norm-nvidia.js";
import { batchNormParam, storedStatistics, writtenGlobalStats } from "./batch-norm-param.js";
import { inFusedOrder } from "./blob-layouts.js";
import { kindOfBN } from "./bn.js";

/** What a batch normalization computes by its averages: scale·(x − mean)/√(variance + eps) + shift. What is not there is left out. */
export interface StoredNorm {
  readonly mean?: ArrayLike<number> | undefined;
  readonly variance?: ArrayLike<number> | undefined;
  readonly eps: number;
  readonly scale?: ArrayLike<number> | undefined;
  readonly shift?: ArrayLike<number> | undefined;
}

/**
 * What a BatchNorm, BN or SyncBN, of BVLC's Caffe or of a fork, computes by its averages in a phase.
 *
 * @param blobs its parameters in the weights
 * @returns the reason if it does not go by averages then, or its blobs are not its own
 */
export function storedNorm(layer: LayerParameter, blobs: readonly BlobProto[], phase: Phase): StoredNorm | string {
  const own = isFieldSet(layer, LayerParameterSchema.field.phase) ? layer.phase : phase;
  const context = { phase: own === Phase.TEST ? "TEST" : "TRAIN", blobsOf: () => blobs.length, log: silent } as const;
  if (layer.type !== "BatchNorm") {
    const isPsp = layer.type === "SyncBN" || kindOfBN(layer, context) === "psp";
    return isPsp ? pspNorm(layer, blobs, own) : segnetNorm(layer, blobs);
  }
  const fork = chooseBatchNorm(layer, context);
  const param = batchNormParam(layer);
  const written = fork === "nvidia" ? undefined : writtenGlobalStats(layer);
  if (!(written ?? own === Phase.TEST)) {
    const why = written === false ? "batch_norm_param.use_global_stats is false" : "its phase is TRAIN";
    return `${why}: it normalizes by the statistics of each batch`;
  }
  if (!param.addEpsBeforeSqrt || param.disableMean || param.disableVariance)
    return "it has fields of a fork that Moka does not compute";
  if (fork === "intel" && param.relu) return "relu: true puts a ReLU into it";
  const least = fork ? (fork === "intel" && !(param.useWeightBias && param.biasTerm) ? 3 : 5) : 3;
  const values = valuesOf(fork ? inFusedOrder(blobs) : blobs, least, fork === "intel" ? 5 : least);
  if (typeof values === "string") return values;
  const [sums = [], squares = [], factor = [], scale, shift] = values;
  const counts = [sums, squares, factor, ...(scale ? [scale] : []), ...(shift ? [shift] : [])].map(
    ({ length }) => length,
  );
  if (counts.some((count, i) => count !== (i === 2 ? 1 : counts[0]))) {
    return `its blobs have ${counts.slice(0, -1).join(", ")} and ${counts.at(-1)} values, not C, C and 1${scale ? ", then C each" : ""}`;
  }
  const s = fork === "nvidia" ? 1 : (factor[0] ?? 0);
  const eps = fork === "nvidia" ? Math.max(param.eps, leastEps) : param.eps;
  return { mean: storedStatistics(sums, s), variance: storedStatistics(squares, s), eps, scale, shift };
}

function pspNorm({ bnParam }: LayerParameter, blobs: readonly BlobProto[], phase: Phase): StoredNorm | string {
  const { frozen, eps } = bnParam ?? create(BNParameterSchema);
  if (!frozen && phase !== Phase.TEST) return "its phase is TRAIN: it normalizes by the statistics of each batch";
  const values = valuesOf(blobs, 4);
  if (typeof values === "string") return values;
  const [scale, shift, mean, variance] = values;
  return sameCounts(values) ?? { mean, variance, eps, scale, shift };
}

function segnetNorm({ bnParam }: LayerParameter, blobs: readonly BlobProto[]): StoredNorm | string {
  if (bnParam?.bnMode !== BNParameter_BNMode.INFERENCE) {
    return "bn_mode: LEARN normalizes by the statistics of each batch, in TEST too";
  }
  const values = valuesOf(blobs, 2);
  if (typeof values === "string") return values;
  const [scale, shift] = values;
  return sameCounts(values) ?? { eps: 0, scale, shift };
}

function sameCounts(values: readonly Float32Array[]): string | undefined {
  const counts = values.map(({ length }) => length);
  return counts.every((count) => count === counts[0])
    ? undefined
    : `its blobs have ${counts.join(", ")} values, not as many as each other`;
}

/** The values of a layer's parameters, if it has the right number of them. */
export function valuesOf(
  blobs: readonly (BlobProto | undefined)[],
  least: number,
  most = least,
): Float32Array[] | string {
  const values = blobs.flatMap((blob) => (blob ? [blobValues(blob).data] : []));
  if (values.length === 0) return "the weights have no blobs for it";
  if (values.length !== blobs.length || values.length < least || values.length > most) {
    return `the weights have ${values.length} blobs for it, where it needs ${least}`;
  }
  return values.every(({ length }) => length > 0) ? values : "a blob of it in the weights is empty";
}
