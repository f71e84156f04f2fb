import { contentOf } from "../proto/text/strings.js";
import type { FieldNode } from "../proto/text/tree.js";
import { fieldsAt, type LintLayer } from "./layer.js";
import type { LintNet } from "./net.js";

/**
 * The forks of Caffe that changed its batch normalization, by their usual names:
 * - NVIDIA (NVIDIA/caffe): γ and β within BatchNorm, set by `scale_bias`, `scale_filler` and `bias_filler`; `engine`.
 * - Intel (intel/caffe): γ and β within BatchNorm if an MKL engine runs it.
 * - SegNet (alexgkendall/caffe-segnet): a layer BN with γ and β, and no averages: another program computes them.
 * - PSPNet (hszhao/PSPNet, yjxiong/caffe before it): a layer BN with γ, β and averages.
 * - Synopsys (synopsys-caffe): a choice of where `eps` is added.
 */
export type Fork = "NVIDIA" | "Intel" | "SegNet" | "PSPNet" | "Synopsys";

/** A batch normalization that is written for a fork. */
export interface ForkNorm {
  /** Undefined for a BN that may be SegNet's or PSPNet's. */
  readonly fork: Fork | undefined;
  /** The message with the fork's fields: `bn_param` of a BN, `batch_norm_param` of a BatchNorm. */
  readonly param: FieldNode | undefined;
  /** The fields that Caffe's reader refuses: `bn_param`, or the fork's fields of `batch_norm_param`. */
  readonly refused: readonly FieldNode[];
}

const ownFields: ReadonlyMap<string, Fork> = new Map([
  ["scale_bias", "NVIDIA"],
  ["scale_filler", "NVIDIA"],
  ["filler", "Intel"],
  ["use_weight_bias", "Intel"],
  ["bias_term", "Intel"],
  ["stats_batch_size", "Intel"],
  ["relu", "Intel"],
  ["add_eps_before_sqrt", "Synopsys"],
  ["icnet", "Synopsys"],
  ["update_global_stats", "PSPNet"],
]);

/** Fields of two forks. The other fields of the message tell which; without others they are NVIDIA's. */
const sharedFields: ReadonlySet<string> = new Set(["bias_filler", "engine"]);

/** Whether a layer's type is a batch normalization that only forks have. */
export function isForkType({ type }: { readonly type: string }): boolean {
  return type === "BN" || type === "SyncBN";
}

/** A layer as a fork's batch normalization; undefined for all other layers, and for V0 and V1 layers. */
export function forkNorm(layer: LintLayer): ForkNorm | undefined {
  if (!layer.body) return undefined;
  if (isForkType(layer)) {
    const refused = layer.fields("bn_param");
    const param = refused.at(-1);
    return { fork: forkOfBN(layer, param), param, refused };
  }
  if (layer.type !== "BatchNorm") return undefined;
  const param = layer.fields("batch_norm_param").at(-1);
  const refused = fieldsIn(param).filter(({ name }) => ownFields.has(name) || sharedFields.has(name));
  return refused.length > 0 ? { fork: forkOfBatchNorm(param), param, refused } : undefined;
}

/**
 * The fields that `bn-fork-fields` reports, so that other rules do not report them again: as nodes of the tree, and as
 * places, "12:5" for line 12, column 5.
 */
export function forkFields({ layers }: LintNet): {
  readonly fields: ReadonlySet<FieldNode>;
  readonly places: ReadonlySet<string>;
} {
  const fields = layers.flatMap((layer) => forkNorm(layer)?.refused ?? []);
  return { fields: new Set(fields), places: new Set(fields.map(({ line, column }) => `${line}:${column}`)) };
}

/** The fields within a message; none if the field is not a message. */
export function fieldsIn(field: FieldNode | undefined): readonly FieldNode[] {
  return field?.value?.kind === "message" ? field.value.fields : [];
}

/** A scalar of a fork's message as it is written, without quotes; the last one if it is given several times. */
export function scalarIn(field: FieldNode | undefined, ...path: readonly string[]): string | undefined {
  if (field?.value?.kind !== "message") return undefined;
  return scalarOf(fieldsAt(field.value, path).at(-1));
}

function scalarOf(field: FieldNode | undefined): string | undefined {
  const value = field?.value;
  if (value?.kind !== "scalar") return undefined;
  return (value.negative ? "-" : "") + (value.form === "string" ? contentOf(value.text) : value.text);
}

/** Whether a fork's bool is given as true. */
export function isTrue(field: FieldNode | undefined, name: string): boolean {
  return /^(true|t|1)$/i.test(scalarIn(field, name) ?? "");
}

/**
 * The field outside `batch_norm_param` that tells that a layer is for Intel's fork: an MKL `engine` of the layer or of the
 * net, or the net's `bn_stats_batch_size`. With these engines its BatchNorm has γ and β inside.
 */
export function intelField({ tree }: LintNet, layer: LintLayer): FieldNode | undefined {
  const isMkl = (field: FieldNode) => scalarOf(field)?.startsWith("MKL") === true;
  const own = layer.fields("engine").at(-1);
  if (own) return isMkl(own) ? own : undefined;
  return tree.fields.find((field) => {
    return field.name === "bn_stats_batch_size" || (field.name === "engine" && isMkl(field));
  });
}

function forkOfBatchNorm(param: FieldNode | undefined): Fork {
  const [fork] = fieldsIn(param).flatMap(({ name }) => ownFields.get(name) ?? []);
  return fork ?? (scalarIn(param, "engine")?.startsWith("MKL") ? "Intel" : "NVIDIA");
}

/** The fields of a BN tell its fork; without fields, the number of its parameters: SegNet's BN has 2, PSPNet's 4. */
function forkOfBN(layer: LintLayer, param: FieldNode | undefined): Fork | undefined {
  const has = (names: RegExp) => fieldsIn(param).some(({ name }) => names.test(name));
  if (has(/^(slope_filler|bias_filler|momentum|frozen|eps|engine)$/)) return "PSPNet";
  if (has(/^(scale_filler|shift_filler|bn_mode)$/)) return "SegNet";
  const specs = layer.message.param.length;
  if (layer.type === "SyncBN" || specs > 2) return "PSPNet";
  return specs === 2 ? "SegNet" : undefined;
}
