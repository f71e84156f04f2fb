// What forks of Caffe added to batch_norm_param: which of the layers named BatchNorm a message means, and what is not computed.
import { isFieldSet } from "@bufbuild/protobuf";
import type { Layer, LayerContext } from "../../core/layer.js";
import { type BatchNormParameter, BatchNormParameterSchema, type LayerParameter } from "../../proto/gen/caffe_pb.js";

/** The forks whose BatchNorm has a scale and a shift inside. */
export type BatchNormFork = "nvidia" | "intel";

const fieldsOf = {
  nvidia: ["scaleBias", "scaleFiller"],
  intel: ["filler", "useWeightBias", "biasTerm", "relu"],
} as const satisfies Readonly<Record<BatchNormFork, readonly string[]>>;

/** Fields of forks that `checkForkFields` speaks of, and that change nothing where it passes. */
const checked = [
  "disable_mean",
  "disable_variance",
  "add_eps_before_sqrt",
  "stats_batch_size",
  "update_global_stats",
  "icnet",
];

/** What a layer named BatchNorm declares as its `forkFields`: those that are checked, and those that it computes. */
export function computedForkFields(fork?: BatchNormFork): readonly string[] {
  const names = (fork ? [...fieldsOf[fork], "biasFiller" as const] : []).map(
    (name) => BatchNormParameterSchema.field[name].name,
  );
  return [...checked, ...names].map((name) => `batch_norm_param.${name}`);
}

/** Other fields of forks: the value that computes what BVLC's layer does, and what another one does. */
const others = {
  disableMean: [false, "leaves the mean in (happynear's fork)"],
  disableVariance: [false, "does not divide by the deviation (happynear's fork)"],
  addEpsBeforeSqrt: [true, "divides by √V + eps instead of by √(V + eps) (Synopsys's fork)"],
} as const;

/**
 * The fork whose BatchNorm with a scale and a shift inside a layer is; undefined for a BatchNorm without them.
 *
 * First the fields tell: `scale_bias: true` and `scale_filler` are NVIDIA's, `use_weight_bias`, `bias_term`, `filler` and `relu` are
 * Intel's, and `bias_filler` is of whichever has others, or else NVIDIA's. Then the number of its blobs in the weights: with Intel's
 * fields three blobs are those of its engine CAFFE, which ignores them; four or five have scale and shift also without fields.
 */
export function chooseBatchNorm(
  message: LayerParameter,
  context: Pick<LayerContext, "blobsOf" | "dialects">,
): BatchNormFork | undefined {
  const { batchNormParam: param, name } = message;
  const count = context.blobsOf?.(name);
  const has = (field: keyof BatchNormParameter & keyof typeof BatchNormParameterSchema.field) =>
    param !== undefined && isFieldSet(param, BatchNormParameterSchema.field[field]);
  const isIntels = fieldsOf.intel.some(has);
  if ((has("scaleBias") && param?.scaleBias) || has("scaleFiller") || (has("biasFiller") && !isIntels)) return "nvidia";
  if (isIntels && param) return count === 3 || !(param.useWeightBias || param.relu) ? undefined : "intel";
  // Names of fields that both have rank both forks; then BVLC's averages, divided by their factor, are right for both in TEST.
  const dialects = context.dialects ?? [];
  const isNvidias = dialects[0] === "nvcaffe" && !dialects.includes("intel");
  if (count === 4 || count === 5) return isNvidias && count === 5 ? "nvidia" : "intel";
  return isNvidias ? "nvidia" : undefined;
}

/** Whether a layer is a fork's batch normalization, which has its scale and shift inside. */
export function isForksNorm(layer: LayerParameter, blobs?: number): boolean {
  const isBN = layer.type === "BN" || layer.type === "SyncBN";
  return isBN || (layer.type === "BatchNorm" && chooseBatchNorm(layer, { blobsOf: () => blobs }) !== undefined);
}

/**
 * Refuses the fields of forks that would change what the layer computes. `engine`, and Synopsys's `icnet`, which only saves memory,
 * change nothing.
 */
export function checkForkFields(layer: Layer, param: BatchNormParameter): void {
  const allow = (condition: boolean, field: string, means: string) =>
    layer.check(condition, "MOKA_UNSUPPORTED", `batch_norm_param { ${field} } ${means}, which Moka does not compute`);
  for (const name of Object.keys(others) as (keyof typeof others)[]) {
    const [usual, means] = others[name];
    allow(param[name] === usual, `${BatchNormParameterSchema.field[name].name}: ${param[name]}`, means);
  }
  if (layer.phase !== "TRAIN") return;
  const { statsBatchSize, useGlobalStats, updateGlobalStats } = param;
  const parts = "normalizes parts of a batch by themselves (Intel's fork)";
  allow(useGlobalStats || statsBatchSize === 0, `stats_batch_size: ${statsBatchSize}`, parts);
  const moves = "moves the averages that the layer normalizes by (DeepLab's, PSPNet's and other forks)";
  allow(!(useGlobalStats && updateGlobalStats), "update_global_stats: true", moves);
}
