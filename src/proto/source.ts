import type { DescMessage, Message, MessageShape } from "@bufbuild/protobuf";
import type { Place } from "../util/errors.js";
import type { ValueNode } from "./text/tree.js";

/** Where a message came from. */
export interface Source {
  /** The first character of the field (or file) that holds the message. */
  readonly place: Place;
  /** The file it was read from, if it has a name. */
  readonly file?: string | undefined;
  /** Where its fields stand, by their names in the prototxt: one place for each value. */
  readonly fields?: ReadonlyMap<string, readonly Place[]> | undefined;
}

/** Comments around a field's value, with their `#`. */
export interface Comments {
  /** Those on lines of their own before it. */
  readonly leading: readonly string[];
  /** The one behind it, on its last line. */
  readonly trailing: string | undefined;
}

/** The comments of a message and of those of its fields that are no messages. */
export interface MessageComments extends Comments {
  /** The one behind its opening brace, on that line. */
  readonly opening: string | undefined;
  /** Those before its closing brace, or at the end of the file. */
  readonly dangling: readonly string[];
  /** By the field's name in the prototxt, one for each value. */
  readonly values: ReadonlyMap<string, readonly Comments[]>;
}

/** What stood in the text and has no place in the message. */
export interface UnknownField extends Comments {
  readonly name: string;
  readonly value: ValueNode;
  /** Whether there is no such field (so it may be one of a fork of Caffe), or the field cannot hold the value. */
  readonly reason: "name" | "value";
  /** The value that it stood behind: the index-th of that field. Nothing if it stood first. */
  readonly after: { readonly field: string; readonly index: number } | undefined;
}

const sourceKey = Symbol("source");
const commentsKey = Symbol("comments");
const unknownKey = Symbol("unknown fields");

/**
 * What hangs on a message beside its fields: under symbols, which protobuf does not see. A WeakMap would keep it apart,
 * but costs a third of the time of reading a net, and makes every collection of garbage slow.
 */
interface Side {
  [sourceKey]?: Source;
  [commentsKey]?: MessageComments;
  [unknownKey]?: readonly UnknownField[];
}

/** Where `message` was read from; nothing for one made by a program. */
export function sourceOf(message: Message): Source | undefined {
  return (message as Side)[sourceKey];
}

/** Remembers where `message` came from; copies and upgrades take their original's source along. */
export function setSource(message: Message, source: Source | undefined): void {
  if (source) (message as Side)[sourceKey] = source;
}

/**
 * Where a value of a field stands: the index-th of `field`, which is named as in the prototxt. Where the text
 * does not give the field, the place of the message; nothing for a message made by a program.
 */
export function placeOf(message: Message, field: string, index = 0): Place | undefined {
  const source = (message as Side)[sourceKey];
  return source?.fields?.get(field)?.[index] ?? source?.place;
}

/** The comments `message` was read with, if it has any. */
export function commentsOf(message: Message): MessageComments | undefined {
  return (message as Side)[commentsKey];
}

export function setComments(message: Message, of: MessageComments | undefined): void {
  if (of) (message as Side)[commentsKey] = of;
}

/** What stood in the text of `message` and has no place in it, in the order of the text. */
export function unknownFieldsOf(message: Message): readonly UnknownField[] {
  return (message as Side)[unknownKey] ?? [];
}

export function setUnknownFields(message: Message, fields: readonly UnknownField[]): void {
  (message as Side)[unknownKey] = fields;
}

/** Lets `to`, which is made from `from`, have the same source, comments and unknown fields. */
export function copySideData(from: Message, to: Message): void {
  setSource(to, sourceOf(from));
  setComments(to, commentsOf(from));
  const unknown = (from as Side)[unknownKey];
  if (unknown) setUnknownFields(to, unknown);
}

/**
 * A copy of `message` that can be changed without changing it: its lists are copied, the messages and typed arrays
 * within are shared. Source, comments and unknown fields come along.
 */
export function copyMessage<Schema extends DescMessage>(
  schema: Schema,
  message: MessageShape<Schema>,
): MessageShape<Schema> {
  // The prototype has the defaults; `create` would make all lists only for them to be replaced.
  const copy: MessageShape<Schema> = Object.assign(Object.create(Object.getPrototypeOf(message)), message);
  const lists = copy as Record<string, unknown>;
  for (const field of schema.fields) {
    const value = lists[field.localName];
    if (Array.isArray(value)) lists[field.localName] = value.slice();
  }
  copySideData(message, copy);
  return copy;
}
