import type { FieldNode, FileNode, MessageNode, ValueNode } from "../proto/text/tree.js";
import type { Location } from "./location.js";

/** A value of the text, with its field. */
export interface PlacedValue {
  readonly value: ValueNode;
  readonly field: FieldNode;
  /** The message or file that contains the field. */
  readonly body: MessageNode | FileNode;
}

/** The offset of a line and a column in a text; a byte order mark does not count as a column. */
export function offsetOf(text: string, { line, column }: Location): number {
  let start = text.startsWith("\ufeff") && line === 1 ? 1 : 0;
  for (let passed = 1; passed < line; passed++) {
    const end = text.indexOf("\n", start);
    if (end < 0) return text.length;
    start = end + 1;
  }
  return start + column - 1;
}

/** The value that starts at an offset, which may be a value of a list; the outermost if several start there. */
export function valueAt(body: MessageNode | FileNode, offset: number): PlacedValue | undefined {
  const field = body.fields.find(({ offset: start, end }) => start <= offset && offset < end);
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
  const field = body.fields.find(({ offset: start, end }) => start <= offset && offset < end);
  const values = field?.value?.kind === "list" ? field.value.values : field?.value ? [field.value] : [];
  const inner = values.find((value) => value.offset < offset && offset < value.end);
  return inner?.kind === "message" ? bodyAround(inner, offset) : { body, field };
}
