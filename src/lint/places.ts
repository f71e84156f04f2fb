import type { FieldNode, FileNode, MessageNode, ValueNode } from "../proto/text/tree.js";
import { memoized } from "../util/memoized.js";
import type { Location } from "./location.js";

/** A value of the text, with its field. */
export interface PlacedValue {
  readonly value: ValueNode;
  readonly field: FieldNode;
  /** The message or file that contains the field. */
  readonly body: MessageNode | FileNode;
}

/** The offset of a line and a column in a file's text; a byte order mark does not count as a column. */
export function offsetOf(file: FileNode, { line, column }: Location): number {
  const start = lineStarts(file)[line - 1];
  return start === undefined ? file.text.length : start + column - 1;
}

const lineStarts = memoized(({ text }: FileNode) => [
  text.startsWith("\ufeff") ? 1 : 0,
  ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1),
]);

/** The field of a body at an offset, by bisection; undefined if there is none. */
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

/** The value, perhaps of a list, that starts at an offset; the outermost if several start there. */
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

/** The innermost message, or the file, that contains an offset, and its field at that offset, if there is one. */
export function bodyAround(
  body: MessageNode | FileNode,
  offset: number,
): { readonly body: MessageNode | FileNode; readonly field: FieldNode | undefined } {
  const field = fieldAt(body, offset);
  const values = field?.value?.kind === "list" ? field.value.values : field?.value ? [field.value] : [];
  const inner = values.find((value) => value.offset < offset && offset < value.end);
  return inner?.kind === "message" ? bodyAround(inner, offset) : { body, field };
}
