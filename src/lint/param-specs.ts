import type { ParamSpec } from "../proto/gen/caffe_pb.js";
import type { FieldNode, MessageNode, ValueNode } from "../proto/text/tree.js";
import type { Edit, Editor } from "./edits.js";
import type { LintLayer } from "./layer.js";
import type { Location } from "./location.js";

/** The `param` of one parameter: its message, and its place in the text. */
export interface WrittenSpec {
  readonly message: ParamSpec;
  readonly field: FieldNode;
  /** The message in the text; if the field holds a list, one value of it. */
  readonly value: ValueNode;
}

/** The `param`s of a layer as written; undefined if message and text do not have equally many. */
export function writtenSpecs(layer: LintLayer): readonly WrittenSpec[] | undefined {
  const specs = layer.written?.param ?? [];
  const values = layer.values("param");
  if (!layer.body || specs.length !== values.length) return undefined;
  return values.flatMap(({ field, value }, index) => {
    const message = specs[index];
    return message ? [{ message, field, value }] : [];
  });
}

/**
 * The specs of a BatchNorm (none for other layers), and the wrong ones among its first three: those with which the
 * solver would learn a statistic. An `lr_mult` that is not given is 1.
 */
export function learnableStats(layer: LintLayer): {
  readonly specs: readonly WrittenSpec[];
  readonly wrong: readonly WrittenSpec[];
} {
  const specs = (layer.type === "BatchNorm" && writtenSpecs(layer)) || [];
  return { specs, wrong: specs.slice(0, 3).filter(({ message }) => message.lrMult !== 0) };
}

/** The place of a field of a spec; the place of the spec if the field is not written. */
export function placeOfSpec({ field, value }: WrittenSpec, name: string): Location {
  const own = value.kind === "message" ? value.fields.findLast((each) => each.name === name) : undefined;
  return own ?? (field.value === value ? field : value);
}

/** Sets fields of a spec; missing fields are added. */
export function setSpec(edit: Editor, { value }: WrittenSpec, wanted: Readonly<Record<string, string>>): Edit[] {
  if (value.kind !== "message") return [];
  const last = value.fields.at(-1);
  const missing: string[] = [];
  const edits: Edit[] = [];
  for (const [name, text] of Object.entries(wanted)) {
    const given = value.fields.findLast((field) => field.name === name)?.value;
    if (given) edits.push(...edit.replace(given, text));
    else missing.push(`${name}: ${text}`);
  }
  if (missing.length === 0) return edits;
  const added = last ? edit.insertAfter(last, ...missing) : edit.insert(value, missing.join(" "));
  return [...edits, ...added];
}

/** Adds `count` specs after the layer's specs; if it has none, before the message of its type. */
export function addSpecs(edit: Editor, body: MessageNode, count: number, spec: string): Edit[] {
  const specs = Array.from({ length: count }, () => `param { ${spec} }`);
  const last = body.fields.findLast(({ name }) => name === "param") ?? body.fields.at(-1);
  const before = body.fields.find(({ name }) => name.endsWith("_param"));
  if (before && last?.name !== "param") return specs.flatMap((each) => edit.insert(body, each, before));
  return last ? edit.insertAfter(last, ...specs) : [];
}

export function removeSpecs(edit: Editor, specs: readonly WrittenSpec[]): Edit[] {
  return specs.flatMap(({ field, value }) => {
    return field.value?.kind === "list" ? edit.removeValue(field.value, value) : edit.remove(field);
  });
}
