import { LayerParameterSchema, V1LayerParameterSchema } from "../proto/gen/caffe_pb.js";
import { contentOf } from "../proto/text/strings.js";
import type { FieldNode, FileNode, MessageNode, ScalarNode, ValueNode } from "../proto/text/tree.js";
import { specFields, typeFromV1 } from "../proto/upgrade/v1.js";

/** The layers of a net that are written partly in today's form and partly in that of 2014 (V1). */
export interface MixedForms {
  /** The layers that have something of V1's form. */
  readonly layers: readonly MixedLayer[];
  /** The number of all layers. */
  readonly count: number;
}

export interface MixedLayer {
  readonly field: FieldNode;
  readonly body: MessageNode;
  /** The type as today's form has it, in quotes, with the value that says it otherwise. */
  readonly type: { readonly value: ScalarNode; readonly today: string } | undefined;
  /** V1's lists of rates, decays, names and modes of the parameters. */
  readonly lists: readonly FieldNode[];
  /** What these lists say, by parameter: the fields of its `param`, which may be there already. */
  readonly specs: readonly (readonly FieldNode[])[];
}

/** A file whose layers are all in today's form. Its nodes have the places of what is written. */
interface Today {
  readonly mixed: readonly MixedForms[];
  /** With V1's lists as they are written. */
  readonly tree: FileNode;
  /** With a `param` for each parameter that the lists are about. */
  readonly meant: FileNode;
}

const netsOfSolver: ReadonlySet<string> = new Set(["net_param", "train_net_param", "test_net_param"]);
const v1Names: ReadonlySet<string> = new Set(V1LayerParameterSchema.fields.map(({ name }) => name));
const todaysNames = LayerParameterSchema.fields.map(({ name }) => name).filter((name) => !v1Names.has(name));
const ofToday: ReadonlySet<string> = new Set(todaysNames);

/** Reads layers of mixed forms as today's. A net whose layers are all of one form, or of V0, stays as it is. */
export function inTodaysForm(file: FileNode): Today {
  const mixed: MixedForms[] = [];
  const convert = <Body extends FileNode | MessageNode>(body: Body, withSpecs: boolean): Body => {
    const own = mixedIn(body);
    if (own && !withSpecs) mixed.push(own);
    const byField = new Map(own?.layers.map((layer) => [layer.field, layer]));
    const fields = body.fields.map((field) => {
      const layer = byField.get(field);
      if (layer) return todaysLayer(layer, withSpecs);
      const isNet = field.value?.kind === "message" && netsOfSolver.has(field.name);
      return isNet && field.value?.kind === "message" ? { ...field, value: convert(field.value, withSpecs) } : field;
    });
    return { ...body, fields };
  };
  const tree = convert(file, false);
  return mixed.length === 0 ? { mixed, tree: file, meant: file } : { mixed, tree, meant: convert(file, true) };
}

function mixedIn({ fields }: FileNode | MessageNode): MixedForms | undefined {
  const blocks = fields.filter(({ name, value }) => /^layers?$/.test(name) && value?.kind === "message");
  const layers = blocks.flatMap((field) => (field.value?.kind === "message" ? [readLayer(field, field.value)] : []));
  if (layers.some(isUnsure)) return undefined;
  const isToday = layers.some(({ field, body }) => field.name === "layer" || body.fields.some(isOfToday));
  const old = layers.filter(({ field, type, lists }) => {
    return field.name === "layers" || lists.length > 0 || (type && isOfV1(type.value));
  });
  return isToday && old.length > 0 ? { layers: old, count: layers.length } : undefined;
}

/** A layer of V0, or one whose `param` is a list beside V1's lists. */
function isUnsure({ body, lists }: MixedLayer): boolean {
  const hasList = ({ name, value }: FieldNode) => name === "param" && value?.kind === "list" && holdsMessages(value);
  return body.fields.some((field) => field.name === "layer" || (lists.length > 0 && hasList(field)));
}

/** Whether only today's form has such a field. */
function isOfToday({ name, value }: FieldNode): boolean {
  if (name === "type") return value?.kind === "scalar" && value.form === "string" && !typeFromV1(wordOf(value));
  return ofToday.has(name) || (name === "param" && holdsMessages(value));
}

/** Whether today's form writes this type in another way. */
function isOfV1(value: ScalarNode): boolean {
  const today = typeFromV1(wordOf(value));
  return today !== undefined && today !== wordOf(value);
}

function holdsMessages(value: ValueNode | undefined): boolean {
  return value?.kind === "message" || (value?.kind === "list" && value.values.some(({ kind }) => kind === "message"));
}

function readLayer(field: FieldNode, body: MessageNode): MixedLayer {
  const type = body.fields.findLast(({ name }) => name === "type")?.value;
  const lists = body.fields.filter(({ name, value }) => name in specFields && !holdsMessages(value));
  const specs: FieldNode[][] = [];
  for (const [list, name] of Object.entries(specFields)) {
    const values = lists.filter((each) => each.name === list).flatMap(valuesIn);
    for (const [index, { value, node }] of values.entries()) {
      specs[index] = [...(specs[index] ?? []), { ...node, name, value }];
    }
  }
  // A parameter without a value in the list of another one: an empty `param`.
  const all = Array.from(specs, (spec) => spec ?? []);
  return { field, body, type: type?.kind === "scalar" ? todaysType(type) : undefined, lists, specs: all };
}

function valuesIn(node: FieldNode): readonly { readonly value: ValueNode; readonly node: FieldNode }[] {
  const values = node.value?.kind === "list" ? node.value.values : node.value ? [node.value] : [];
  return values.map((value) => ({ value, node }));
}

function todaysType(value: ScalarNode): MixedLayer["type"] {
  const word = wordOf(value);
  const today = `"${typeFromV1(word) ?? word}"`;
  return value.form === "string" && today === value.text.replaceAll("'", '"') ? undefined : { value, today };
}

function wordOf({ form, text }: ScalarNode): string {
  return form === "string" ? contentOf(text) : text;
}

function todaysLayer({ field, body, type, lists, specs }: MixedLayer, withSpecs: boolean): FieldNode {
  const retyped = body.fields.map((node) => {
    const isType = type && node.value === type.value;
    return isType ? { ...node, value: { ...type.value, form: "string" as const, text: type.today } } : node;
  });
  const fields = withSpecs ? withTheirSpecs(retyped, lists, specs) : retyped;
  return { ...field, name: "layer", value: { ...body, fields } };
}

function withTheirSpecs(
  fields: readonly FieldNode[],
  lists: readonly FieldNode[],
  specs: MixedLayer["specs"],
): readonly FieldNode[] {
  const own = fields.filter((each) => !lists.includes(each));
  const params = own.filter(({ name }) => name === "param");
  const filled = own.map((node) => {
    const added = specs[params.indexOf(node)];
    if (!added || node.value?.kind !== "message") return node;
    return { ...node, value: { ...node.value, fields: [...node.value.fields, ...missingIn(node.value, added)] } };
  });
  const further = specs.slice(params.length).flatMap((spec) => asParam(lists[0], spec));
  return [...filled, ...further];
}

/** The fields of a spec that a `param` does not give itself. */
export function missingIn({ fields }: MessageNode, spec: readonly FieldNode[]): readonly FieldNode[] {
  return spec.filter(({ name }) => !fields.some((each) => each.name === name));
}

function asParam(at: FieldNode | undefined, fields: readonly FieldNode[]): readonly FieldNode[] {
  if (!at) return [];
  const { line, column, offset, end, endLine } = at;
  const place = { line, column, offset, end, endLine, leading: [] };
  const value: MessageNode = { ...place, kind: "message", open: "{", opening: undefined, fields, dangling: [] };
  return [{ ...at, leading: [], trailing: undefined, name: "param", value }];
}
