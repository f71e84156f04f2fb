import { type DescField, type DescMessage, isFieldSet, type Message } from "@bufbuild/protobuf";
import { dialectNamed, type Numbering, setFields } from "../proto/dialects/index.js";
import { isForkField } from "../proto/fork-fields.js";
import { LayerParameterSchema } from "../proto/gen/caffe_pb.js";
import type { LayerClass } from "./catalog.js";
import type { Layer } from "./layer.js";

/** Fields of forks that choose how something is computed, and where, not what. */
const tuning: ReadonlySet<string> = new Set(
  [
    "engine conv_algorithm conv_algos_override cudnn_convolution_algo_seeker cudnn_math_override per_fla_fuse fuse",
    "forward_type backward_type forward_math backward_math debug multinode mn_activation_param mn_grad_compress_param",
    "compression stats_batch_size blobs_lr blobs_a_min weight_fixed threads parser_threads cache precache use_gpu_transform",
  ].flatMap((names) => names.split(" ")),
);

/** Fields of forks in a layer's message that are set, with another value than they have by default. */
export interface SetForkFields {
  /** Those that only tune, by their paths in the message: `convolution_param.engine`. */
  readonly tuning: readonly string[];
  /** Those that may change results, and that the layer does not compute. */
  readonly unknown: readonly string[];
}

/**
 * The fields of Caffe's forks in the messages that BVLC Caffe has too. Messages that only forks have are the matter of the layers
 * that they belong to, as those of BVLC are: another layer's message means nothing.
 */
export function setForkFields(layer: Layer): SetForkFields {
  const { forkFields = [] } = layer.constructor as Partial<LayerClass>;
  const found = { tuning: [] as string[], unknown: [] as string[] };
  collect(LayerParameterSchema, layer.message, "", (path, name) => {
    if (forkFields.some((computed) => path === computed || path.startsWith(`${computed}.`))) return;
    (tuning.has(name) ? found.tuning : found.unknown).push(path);
  });
  return found;
}

/** Says in the log which fields of forks a layer does not use. */
export function logForkFields(layer: Layer, log: (text: string) => void): void {
  const { tuning, unknown } = setForkFields(layer);
  const say = (paths: readonly string[], why: string) => {
    if (paths.length > 0) log(layer.error("MOKA_FIELD", `ignored, as ${why}: ${paths.join(", ")}`).message);
  };
  say(unknown, "fields of forks that this layer does not compute");
  say(tuning, "fields of forks that only tune");
}

/** Throws if a field of a fork is set in the layer's own message that may change results, and that the layer does not compute. */
export function refuseForkFields(layer: Layer, field: string): void {
  const unknown = setForkFields(layer).unknown.filter((path) => path.startsWith(`${field}.`));
  layer.check(
    unknown.length === 0,
    "MOKA_UNSUPPORTED",
    `fields of forks that would change the result, and that Moka does not compute: ${unknown.join(", ")}`,
  );
}

/**
 * The fields in a message, at any depth, that are set, with another value than they have by default, and that a fork has not: by their
 * paths, sorted.
 *
 * @param prefix the path of the message
 */
export function fieldsBeyond(
  fork: Numbering,
  schema: DescMessage,
  message: Message,
  prefix: string,
): readonly string[] {
  const found = [...setFields(schema, message)].flatMap(({ field, value }) => {
    const path = `${prefix}.${field.name}`;
    if (fork.numberOf(field) === undefined) return isDefault(message, field) ? [] : path;
    return field.message ? fieldsBeyond(fork, field.message, value as Message, path) : [];
  });
  return [...new Set(found)].sort();
}

/**
 * Throws if a field is set in a message of SSD's that SSD has not, but a fork made of it, where it may change results.
 *
 * @param prefix the path of the message
 */
export function refuseBeyondSsd(layer: Layer, schema: DescMessage, message: Message, prefix: string): void {
  const others = fieldsBeyondSsd(schema, message, prefix);
  layer.check(
    others.length === 0,
    "MOKA_FIELD",
    `${others.join(", ")}: ${others.length === 1 ? "a field of another fork" : "fields of other forks"} than SSD, not supported`,
  );
}

/** As `fieldsBeyond` for SSD. */
export function fieldsBeyondSsd(schema: DescMessage, message: Message, prefix: string): readonly string[] {
  const ssd = dialectNamed("ssd");
  return ssd ? fieldsBeyond(ssd, schema, message, prefix) : [];
}

function collect(
  schema: DescMessage,
  message: Message,
  prefix: string,
  visit: (path: string, name: string) => void,
): void {
  const isLayer = schema === LayerParameterSchema;
  // Messages have many fields, of which few are set.
  for (const name of Object.keys(message)) {
    const field = schema.field[name];
    if (!field || !isFieldSet(message, field)) continue;
    const path = prefix + field.name;
    if (isForkField(field)) {
      // A message here belongs to another layer.
      if (!(isLayer && field.message) && !isDefault(message, field)) visit(path, field.name);
      continue;
    }
    for (const inner of messagesOf(message, field)) collect(inner.desc, inner.message, `${path}.`, visit);
  }
}

function messagesOf(message: Message, field: DescField) {
  if (!field.message || field.name === "blobs") return [];
  const desc = field.message;
  const value = (message as unknown as Readonly<Record<string, unknown>>)[field.localName];
  return (Array.isArray(value) ? value : [value]).map((each: Message) => ({ desc, message: each }));
}

function isDefault(message: Message, field: DescField): boolean {
  if (field.fieldKind !== "scalar" && field.fieldKind !== "enum") return false;
  return (message as unknown as Readonly<Record<string, unknown>>)[field.localName] === field.getDefaultValue();
}
