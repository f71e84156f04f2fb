import type { FieldNode } from "../proto/text/tree.js";
import { scaleOf } from "./batch-norms.js";
import { type ForkNorm, fieldsIn, isTrue, scalarIn } from "./forks.js";
import type { LintLayer } from "./layer.js";
import type { LintNet } from "./net.js";
import { fieldOnOneLine } from "./one-line.js";

/** The changes that write a fork's batch normalization with Caffe's layers. */
export interface ForkPlan {
  readonly type: "BatchNorm" | "Scale";
  /** Fields of the fork's message that stay under another name, some with another value. */
  readonly become?: ReadonlyMap<FieldNode, { readonly name: string; readonly value?: string }>;
  /** Fields that are deleted. */
  readonly drop: readonly FieldNode[];
  /** A field that replaces the deleted ones. */
  readonly add?: string | undefined;
  /** The `param` specs that are removed from the layer. */
  readonly dropSpecs: readonly FieldNode[];
  /** A Scale to put after it: its `param`, and the fields of its `scale_param`. */
  readonly scale?: { readonly specs: readonly string[]; readonly own: readonly string[] } | undefined;
}

/** The plan for a fork's batch normalization, or the reason why Caffe's layers cannot express it. */
export function planFor(net: LintNet, layer: LintLayer, norm: ForkNorm): ForkPlan | string {
  const strange = layer.body?.fields.find(({ name }) => !plainField.test(name));
  if (strange) return `its ${strange.name} has no place in two layers`;
  if (layer.message.bottom.length !== 1 || layer.message.top.length !== 1) return "it has more than one bottom and top";
  if (layer.message.param.some(({ name }) => name !== ""))
    return "it shares its parameters, which are in another order";
  if (layer.fields("param").length !== layer.message.param.length || norm.refused.some(({ value }) => !value)) {
    return "it is not written as Caffe writes it";
  }
  switch (norm.fork) {
    case undefined:
      return "nothing tells whether it is SegNet's or PSPNet's";
    case "SegNet":
      return segNet(net, layer, norm);
    case "PSPNet":
      return layer.type === "BatchNorm" ? batchNorm(net, layer, norm) : pspNet(layer, norm);
    default:
      return batchNorm(net, layer, norm);
  }
}

const plainField = /^(name|type|bottom|top|param|include|exclude|bn_param|batch_norm_param)$/;

/**
 * LEARN normalizes by the batch in both phases, with its own eps. INFERENCE computes only scale·x + shift; another program
 * has included the averages in scale and shift.
 */
function segNet({ weights }: LintNet, layer: LintLayer, { param, refused }: ForkNorm): ForkPlan | string {
  const given = byName(param, refused, ["bn_mode", "scale_filler", "shift_filler"]);
  if (typeof given === "string") return given;
  const [mode, scale, shift] = given;
  const specs = layer.fields("param");
  if (scalarIn(param, "bn_mode") === "INFERENCE") {
    const become = new Map<FieldNode, { name: string; value?: string }>();
    if (mode) become.set(mode, { name: "bias_term", value: "true" });
    if (scale) become.set(scale, { name: "filler" });
    if (shift) become.set(shift, { name: "bias_filler" });
    return { type: "Scale", become, drop: [], dropSpecs: specs.slice(2) };
  }
  if (weights && weights.of(layer).length > 0)
    return "the weights given have no averages for a BatchNorm to use in TEST";
  return {
    type: "BatchNorm",
    drop: fieldsIn(param),
    add: "eps: 1e-9",
    dropSpecs: specs,
    scale: { specs: specs.slice(0, 2).map((spec) => fieldOnOneLine(spec)), own: scaleParam(scale, shift) },
  };
}

/** Its averages are momentum·average + (1 − momentum)·batch. After many updates Caffe's M/s and V/s are the same. */
function pspNet(layer: LintLayer, { param, refused }: ForkNorm): ForkPlan | string {
  const given = byName(param, refused, ["frozen", "momentum", "eps", "slope_filler", "bias_filler", "engine"]);
  if (typeof given === "string") return given;
  const [frozen, momentum, eps, slope, bias] = given;
  const isFrozen = isTrue(param, "frozen");
  const become = new Map<FieldNode, { name: string; value?: string }>();
  if (frozen && isFrozen) become.set(frozen, { name: "use_global_stats", value: "true" });
  if (momentum) become.set(momentum, { name: "moving_average_fraction" });
  if (eps) become.set(eps, { name: "eps" });
  const specs = layer.fields("param");
  const ownSpecs = specs.slice(0, 2).map((spec) => fieldOnOneLine(spec));
  return {
    type: "BatchNorm",
    become,
    drop: fieldsIn(param).filter((field) => !become.has(field)),
    add: isFrozen || momentum ? undefined : "moving_average_fraction: 0.9",
    dropSpecs: specs,
    scale: { specs: isFrozen ? [held, held] : ownSpecs, own: scaleParam(slope, bias) },
  };
}

const held = "param { lr_mult: 0 decay_mult: 0 }";

/** A BatchNorm with more fields than Caffe's: NVIDIA's and Intel's γ and β, and fields without effect. */
function batchNorm(
  { views, weights }: LintNet,
  layer: LintLayer,
  { fork, param, refused }: ForkNorm,
): ForkPlan | string {
  const stops = obstacle(param);
  if (stops) return stops;
  const named = (name: string) => refused.findLast((field) => field.name === name);
  const seen = views.filter((view) => view.has(layer));
  const behind = seen.map((view) => scaleOf(view, layer));
  const hasScale = behind.length > 0 && behind.every(Boolean);
  if (weights && weights.of(layer).length > 3 && behind.some((scale) => scale && weights.of(scale).length > 0)) {
    return "the weights given have a γ in it and one in the Scale behind it";
  }
  const [filler, shift] = [named("scale_filler") ?? named("filler"), named("bias_filler")];
  const asks =
    fork === "NVIDIA"
      ? isTrue(param, "scale_bias") || filler !== undefined || shift !== undefined
      : fork === "Intel" && !isFalse(param, "use_weight_bias");
  const specs = layer.fields("param");
  // NVIDIA's BatchNorm depends on the phase only, and ignores use_global_stats.
  const ignored = fork === "NVIDIA" ? fieldsIn(param).filter(({ name }) => name === "use_global_stats") : [];
  return {
    type: "BatchNorm",
    drop: [...refused, ...ignored],
    dropSpecs: specs.slice(3),
    scale:
      asks && !hasScale
        ? {
            specs: specs.slice(3).map((spec) => fieldOnOneLine(spec)),
            own: scaleParam(filler, shift, !isFalse(param, "bias_term")),
          }
        : undefined,
  };
}

/** The field that needs something Caffe's BatchNorm cannot do, as text; undefined if there is none. */
export function obstacle(param: FieldNode | undefined): string | undefined {
  if (isTrue(param, "relu")) return "relu: true puts a ReLU into it";
  if (Number(scalarIn(param, "stats_batch_size") ?? 0) > 0) return "stats_batch_size normalizes parts of a batch";
  if (isFalse(param, "add_eps_before_sqrt"))
    return "add_eps_before_sqrt: false divides by √V + eps, Caffe by √(V + eps)";
  if (isTrue(param, "update_global_stats") && isTrue(param, "use_global_stats")) {
    return "update_global_stats: true moves the averages that it uses, which Caffe never does";
  }
  return undefined;
}

function isFalse(field: FieldNode | undefined, name: string): boolean {
  return scalarIn(field, name) !== undefined && !isTrue(field, name);
}

/** The fields of a BN's message in the order of `names`; a reason instead if there are others, or a field is given twice. */
function byName<const Names extends readonly string[]>(
  param: FieldNode | undefined,
  refused: readonly FieldNode[],
  names: Names,
): (FieldNode | undefined)[] | string {
  const fields = fieldsIn(param);
  const strange = fields.find(({ name }) => !names.includes(name));
  if (strange) return `what bn_param.${strange.name} does is not known`;
  if (refused.length > 1 || new Set(fields.map(({ name }) => name)).size < fields.length)
    return "it gives fields twice";
  return names.map((name) => fields.find((field) => field.name === name));
}

/** The fields of a Scale's message, without fillers that are a Scale's defaults. */
function scaleParam(scale: FieldNode | undefined, shift: FieldNode | undefined, biasTerm = true): readonly string[] {
  const filler = scale && !isConstant(scale, 1) ? [fieldOnOneLine(scale, "filler")] : [];
  if (!biasTerm) return [...filler, "bias_term: false"];
  const biasFiller = shift && !isConstant(shift, 0) ? [fieldOnOneLine(shift, "bias_filler")] : [];
  return [...filler, "bias_term: true", ...biasFiller];
}

function isConstant(filler: FieldNode, value: number): boolean {
  return (scalarIn(filler, "type") ?? "constant") === "constant" && Number(scalarIn(filler, "value") ?? 0) === value;
}
