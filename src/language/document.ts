/** A text as the questions of this folder see it: its tree, its schema, and what stands at an offset. */
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { NetParameterSchema, SolverParameterSchema } from "../proto/gen/caffe_pb.js";
import { buildMessage } from "../proto/text/builder.js";
import { Issues } from "../proto/text/issues.js";
import { layoutOf } from "../proto/text/layout.js";
import { parseTree } from "../proto/text/parser.js";
import { contentOf } from "../proto/text/strings.js";
import type { Body, FieldNode, FileNode, MessageNode, ScalarNode, ValueNode } from "../proto/text/tree.js";

/** A field on the way to a place, with what the schema says of it; undefined where it has no such field. */
export interface Step {
  readonly field: FieldNode;
  readonly desc: DescField | undefined;
  /** The message value that the place is in, or behind whose name it is; undefined for the innermost field that is no message. */
  readonly body: MessageNode | undefined;
}

export interface Document {
  readonly text: string;
  readonly tree: FileNode;
  readonly schema: DescMessage;
  readonly isSolver: boolean;
}

let last: Document | undefined;

/** Reads a text. Questions about the same text follow each other, so the last one is kept. */
export function documentOf(text: string): Document {
  if (last?.text === text) return last;
  // Half of a pair of UTF-16 is no character: the reader gets another of the same length in its place.
  const tree = parseTree(text.replaceAll(/\p{Surrogate}/gu, "\ufffd"), new Issues());
  const isSolver = unknownIn(tree, SolverParameterSchema) < unknownIn(tree, NetParameterSchema);
  last = { text, tree, isSolver, schema: isSolver ? SolverParameterSchema : NetParameterSchema };
  return last;
}

/** How many fields of the file a message does not have. */
function unknownIn(tree: FileNode, schema: DescMessage): number {
  const { byName } = layoutOf(schema);
  return tree.fields.filter(({ name }) => !byName.has(name)).length;
}

/** The message of a net or solver, for what only its values tell. */
export function messageOf({ tree, schema }: Document, file?: string) {
  return buildMessage(schema, tree, new Issues(), file);
}

/** The fields around an offset, outermost first, and the schema of the body that it is in. */
export function pathTo(
  { text, tree, schema }: Document,
  offset: number,
): { readonly steps: readonly Step[]; readonly schema: DescMessage | undefined; readonly body: Body } {
  const steps: Step[] = [];
  let body: Body = tree;
  let current: DescMessage | undefined = schema;
  for (;;) {
    // A field that ends just before the caret is the one that is typed.
    const field: FieldNode | undefined = body.fields.findLast(({ offset: start }) => start <= offset);
    // Behind a field that is closed the body around it goes on; an unclosed message goes on to the next field.
    if (!field || (offset > field.end && !isOpen(field, text))) return { steps, schema: current, body };
    const desc: DescField | undefined = current && layoutOf(current).byName.get(field.name);
    const inner = valuesOf(field).find(
      (value): value is MessageNode =>
        value.kind === "message" && offset > value.offset && (offset < value.end || !isClosed(value, text)),
    );
    steps.push({ field, desc, body: inner });
    if (!inner) return { steps, schema: current, body };
    body = inner;
    current = desc?.message;
  }
}

/** Whether a message has its closing brace. The reader ends an unclosed one with its last field. */
function isClosed({ end, offset, open, fields }: MessageNode, text: string): boolean {
  const last = fields.at(-1);
  return end > Math.max(offset + 1, last?.end ?? 0) && text.charAt(end - 1) === (open === "{" ? "}" : ">");
}

/** Whether a field ends with a message that is not closed. */
function isOpen(field: FieldNode, text: string): boolean {
  const last = valuesOf(field).at(-1);
  if (last?.kind !== "message") return false;
  return !isClosed(last, text);
}

/** The values of a field; those of a list one by one. */
export function valuesOf({ value }: FieldNode): readonly ValueNode[] {
  return value === undefined ? [] : value.kind === "list" ? value.values : [value];
}

/** A scalar's text, without quotes. */
export function textOf(node: ScalarNode): string {
  return node.form === "string" ? contentOf(node.text) : node.text;
}

/** The range of a scalar's text, without quotes. */
export function rangeOf(node: ScalarNode): { readonly from: number; readonly to: number } {
  if (node.form !== "string") return { from: node.offset, to: node.end };
  const from = node.offset + 1;
  return { from, to: Math.min(node.end, from + contentOf(node.text).length) };
}

/** The scalars of a field of a body. */
export function scalarsOf({ fields }: Body, ...names: readonly string[]): readonly ScalarNode[] {
  return fields
    .filter(({ name }) => names.includes(name))
    .flatMap(valuesOf)
    .filter((value): value is ScalarNode => value.kind === "scalar");
}

/** The first value of a field of a body, without quotes. */
export function firstOf(body: Body, name: string): string | undefined {
  const [node] = scalarsOf(body, name);
  return node && textOf(node);
}

/** The layers of a net, of any version, and of nets within a solver. */
export function layersOf({ tree }: Document): readonly MessageNode[] {
  const layers: MessageNode[] = [];
  const walk = (body: Body) => {
    for (const field of body.fields) {
      for (const value of valuesOf(field)) {
        if (value.kind !== "message") continue;
        if (field.name === "layer" || field.name === "layers") layers.push(value);
        else if (/^(?:train_|test_)?net_param$/.test(field.name)) walk(value);
      }
    }
  };
  walk(tree);
  return layers;
}

/** The body that says a layer's name and type: in V0 nets it is within the layer. */
export function ownFields(layer: MessageNode): Body {
  const inner = layer.fields.find(({ name, value }) => name === "layer" && value?.kind === "message")?.value;
  return inner?.kind === "message" ? inner : layer;
}
