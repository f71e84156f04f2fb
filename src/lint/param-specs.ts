import type { ParamSpec } from "../proto/gen/caffe_pb.js";
import type { FieldNode, MessageNode, ValueNode } from "../proto/text/tree.js";
import type { Edit, Editor } from "./edits.js";
import type { LintLayer } from "./layer.js";
import type { Location } from "./location.js";

/** The multipliers of one parameter, as written, and where. */
export interface WrittenSpec {
  readonly message: ParamSpec;
  readonly field: FieldNode;
  /** The message in the text, which is one of a list where the field holds that. */
  readonly value: ValueNode;
}

/** The `param` messages of a layer with their places in the text; nothing if the text does not hold each of them. */
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
 * The specs of a BatchNorm (none for other layers), and which of those for its three statistics would have them learned:
 * `lr_mult` is 1 where it is not given.
 */
export function learnableStats(layer: LintLayer): {
  readonly specs: readonly WrittenSpec[];
  readonly wrong: readonly WrittenSpec[];
} {
  const specs = (layer.type === "BatchNorm" && writtenSpecs(layer)) || [];
  return { specs, wrong: specs.slice(0, 3).filter(({ message }) => message.lrMult !== 0) };
}

/** Where a field of a spec stands; where it is not written, the spec. */
export function placeOfSpec({ field, value }: WrittenSpec, name: string): Location {
  const own = value.kind === "message" ? value.fields.findLast((each) => each.name === name) : undefined;
  return own ?? (field.value === value ? field : value);
}

/** Gives a spec these values; fields it lacks are added. */
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

/** Adds `count` specs behind those a layer has; a layer without any gets them before its own message. */
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
