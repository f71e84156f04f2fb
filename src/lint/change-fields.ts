import { Issues } from "../proto/text/issues.js";
import { parseTree } from "../proto/text/parser.js";
import { contentOf } from "../proto/text/strings.js";
import type { Body, FieldNode, FileNode, MessageNode, ValueNode } from "../proto/text/tree.js";
import { applyEdits, type Edit, Editor } from "./edits.js";

/** The layers of a text that a change is for: those that have all that is given. */
export interface LayerChoice {
  readonly type?: string | undefined;
  readonly name?: string | undefined;
  /** Layers that are in nets of this phase: by their `include` and `exclude` rules, or without any. */
  readonly phase?: "TRAIN" | "TEST" | undefined;
}

/** A field that is to have a value, or none. */
export interface FieldChange {
  /** Default: the field is one of the file itself, as `base_lr` of a solver. */
  readonly layers?: LayerChoice | undefined;
  /** `["batch_norm_param", "use_global_stats"]`. Messages that are missing are added. */
  readonly path: readonly string[];
  /**
   * The value as a prototxt has it: `true`, `"name"` with its quotes, `{ lr_mult: 1 }`. Several values make a repeated field have just these.
   * Undefined removes the field, and messages that are empty then.
   */
  readonly value: string | readonly string[] | undefined;
}

/**
 * The text with these fields changed; comments, order and layout of all else stay. Layers of older forms (`layers { … }`) are not
 * changed: upgrade the text first.
 *
 * @example
 * ```ts
 * const text = changeFields('layer { name: "bn" type: "BatchNorm" }', [
 *   { layers: { type: "BatchNorm" }, path: ["batch_norm_param", "use_global_stats"], value: "true" },
 * ]);
 * console.log(text); // layer { name: "bn" type: "BatchNorm" batch_norm_param { use_global_stats: true } }
 * ```
 */
export function changeFields(text: string, changes: readonly FieldChange[]): string {
  // One change after the other: two may add to the same message.
  return changes.reduce((before, change) => applyEdits(before, editsFor(before, change)), text);
}

/** What `changeFields` would change: a field of the file, or of some layers. */
export type FieldQuery = Pick<FieldChange, "layers" | "path">;

/**
 * The values of fields as they are written, without the quotes of strings: for each query one value a layer that it chooses, or one for
 * the file; undefined where the field is not written. Of a field that is given several times the last counts.
 *
 * @example
 * ```ts
 * const text = 'layer { type: "BatchNorm" batch_norm_param { eps: 0.001 } }\nlayer { type: "BatchNorm" }';
 * const [values] = readFields(text, [{ layers: { type: "BatchNorm" }, path: ["batch_norm_param", "eps"] }]);
 * console.log(values); // [ '0.001', undefined ]
 * ```
 */
export function readFields(text: string, queries: readonly FieldQuery[]): readonly (readonly (string | undefined)[])[] {
  const tree = parseTree(text, new Issues());
  return queries.map(({ layers, path }) => bodiesOf(tree, layers).map((body) => valueAt(body, path)));
}

function valueAt(body: Body, path: readonly string[]): string | undefined {
  const last = found(body, path).at(-1)?.[0].value;
  const node = last?.kind === "list" ? last.values.at(-1) : last;
  if (node?.kind !== "scalar") return undefined;
  return node.form === "string" ? contentOf(node.text) : (node.negative ? "-" : "") + node.text;
}

function bodiesOf(tree: FileNode, layers: LayerChoice | undefined): readonly (FileNode | MessageNode)[] {
  return layers === undefined ? [tree] : layersIn(tree).filter((body) => isChosen(body, layers));
}

function editsFor(text: string, { layers, path, value }: FieldChange): readonly Edit[] {
  const tree = parseTree(text, new Issues());
  const edit = new Editor(text);
  const bodies = bodiesOf(tree, layers);
  return bodies.flatMap((body) => changeOf(edit, body, path, value));
}

function layersIn({ fields }: FileNode): readonly MessageNode[] {
  return fields.flatMap(({ name, value }) => (name === "layer" && value?.kind === "message" ? [value] : []));
}

function isChosen(body: MessageNode, { type, name, phase }: LayerChoice): boolean {
  const has = (field: string, wanted: string | undefined) => {
    return wanted === undefined || texts(body, field).includes(wanted);
  };
  return has("type", type) && has("name", name) && (phase === undefined || isIn(body, phase));
}

function isIn(body: MessageNode, phase: "TRAIN" | "TEST"): boolean {
  const rules = (field: string) =>
    body.fields.flatMap(({ name, value }) => (name === field && value?.kind === "message" ? [value] : []));
  const matches = (rule: MessageNode) => {
    const [given] = texts(rule, "phase");
    return given === undefined || given === phase;
  };
  const include = rules("include");
  if (include.length > 0) return include.some(matches);
  return !rules("exclude").some((rule) => texts(rule, "phase")[0] === phase && rule.fields.length === 1);
}

/** The scalars of a field, without quotes. */
function texts({ fields }: Body, wanted: string): readonly string[] {
  return fields.flatMap(({ name, value }) => {
    if (name !== wanted || value?.kind !== "scalar") return [];
    return [value.form === "string" ? contentOf(value.text) : value.text];
  });
}

function changeOf(
  edit: Editor,
  body: FileNode | MessageNode,
  path: readonly string[],
  value: FieldChange["value"],
): readonly Edit[] {
  if (value === undefined) return removed(edit, body, path);
  if (typeof value === "string")
    return value.startsWith("{") ? setAll(edit, body, path, [value]) : edit.set(body, path, value);
  return setAll(edit, body, path, value);
}

/** The fields at a path, each with those around it, innermost first. */
function found(
  body: Body,
  [name, ...rest]: readonly string[],
  around: readonly FieldNode[] = [],
): readonly (readonly [FieldNode, readonly FieldNode[]])[] {
  return body.fields.flatMap((field) => {
    if (field.name !== name) return [];
    if (rest.length === 0) return [[field, around] as const];
    return field.value?.kind === "message" ? found(field.value, rest, [field, ...around]) : [];
  });
}

function removed(edit: Editor, body: Body, path: readonly string[]): readonly Edit[] {
  return found(body, path).flatMap(([field, owners]) => edit.remove(field, ...owners));
}

/** Makes a repeated field, or a message, have just these values: as many as fit are replaced, the others removed or added. */
function setAll(
  edit: Editor,
  body: FileNode | MessageNode,
  path: readonly string[],
  values: readonly string[],
): readonly Edit[] {
  const [name = "", ...rest] = path;
  const inner = rest.length > 0 ? body.fields.findLast((field) => field.name === name)?.value : undefined;
  if (inner?.kind === "message") return setAll(edit, inner, rest, values);
  const fieldOf = (value: string) =>
    path.reduceRight((content, part, i) => {
      if (i === path.length - 1) return content.startsWith("{") ? `${part} ${content}` : `${part}: ${content}`;
      return `${part} { ${content} }`;
    }, value);
  if (rest.length > 0) return values.flatMap((value) => edit.insert(body, fieldOf(value)));
  const given = body.fields.filter((field) => field.name === name);
  const replaced = given.flatMap((field, i) => {
    const value = values[i];
    const node: ValueNode | undefined = field.value;
    return value === undefined || !node ? edit.remove(field) : edit.replace(node, value);
  });
  const last = given.at(-1);
  const added = values.slice(given.length).map(fieldOf);
  if (added.length === 0) return replaced;
  // Before the message of the layer's type, where people write them.
  const before = last ? undefined : body.fields.find((field) => field.name.endsWith("_param"));
  if (last) return [...replaced, ...edit.insertAfter(last, ...added)];
  return [...replaced, ...added.flatMap((field) => edit.insert(body, field, before))];
}
