import type { FieldNode, FileNode, MessageNode, ValueNode } from "../proto/text/tree.js";
import { memoized } from "../util/memoized.js";
import type { Location } from "./location.js";

/** A value of the text and what it stands in. */
export interface PlacedValue {
  readonly value: ValueNode;
  readonly field: FieldNode;
  /** What the field stands in. */
  readonly body: MessageNode | FileNode;
}

/** Where a line and a column are in a file's text; a byte order mark has no column. */
export function offsetOf(file: FileNode, { line, column }: Location): number {
  const start = lineStarts(file)[line - 1];
  return start === undefined ? file.text.length : start + column - 1;
}

const lineStarts = memoized(({ text }: FileNode) => [
  text.startsWith("\ufeff") ? 1 : 0,
  ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1),
]);

/** The field of a body at a place, if one is there. Fields stand one behind the other. */
export function fieldAt({ fields }: MessageNode | FileNode, offset: number): FieldNode | undefined {
  let [from, to] = [0, fields.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((fields[middle]?.end ?? 0) > offset) to = middle;
    else from = middle + 1;
  }
  const field = fields[from];
  return field && field.offset <= offset ? field : undefined;
}

/** The value that starts at a place, be it one of a list; the outermost if several do. */
export function valueAt(body: MessageNode | FileNode, offset: number): PlacedValue | undefined {
  const field = fieldAt(body, offset);
  return field?.value && valueWithin(field.value, offset, field, body);
}

function valueWithin(
  value: ValueNode,
  offset: number,
  field: FieldNode,
  body: MessageNode | FileNode,
): PlacedValue | undefined {
  if (value.offset === offset) return { value, field, body };
  if (value.kind === "message") return valueAt(value, offset);
  const inner =
    value.kind === "list" ? value.values.find((each) => each.offset <= offset && offset < each.end) : undefined;
  return inner && valueWithin(inner, offset, field, body);
}

/** The innermost message that a place is in, or the file; with it the field at that place, if there is one. */
export function bodyAround(
  body: MessageNode | FileNode,
  offset: number,
): { readonly body: MessageNode | FileNode; readonly field: FieldNode | undefined } {
  const field = fieldAt(body, offset);
  const values = field?.value?.kind === "list" ? field.value.values : field?.value ? [field.value] : [];
  const inner = values.find((value) => value.offset < offset && offset < value.end);
  return inner?.kind === "message" ? bodyAround(inner, offset) : { body, field };
}
