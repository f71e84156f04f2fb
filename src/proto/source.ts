import type { DescMessage, Message, MessageShape } from "@bufbuild/protobuf";
import type { Place } from "../util/errors.js";
import type { ValueNode } from "./text/tree.js";

/** Where a message came from. */
export interface Source {
  /** Where the field (or file) that holds the message begins. */
  readonly place: Place;
  /** The file it was read from, if it has a name. */
  readonly file?: string | undefined;
  /** Where its fields are, by their names in the prototxt: one place for each value. */
  readonly fields?: ReadonlyMap<string, readonly Place[]> | undefined;
}

/** Comments around a field's value, with their `#`. */
export interface Comments {
  /** Comments on lines of their own before it. */
  readonly leading: readonly string[];
  /** The comment after it, on its last line. */
  readonly trailing: string | undefined;
}

/** The comments of a message and of its fields that are not messages. */
export interface MessageComments extends Comments {
  /** The comment after its opening brace, on that line. */
  readonly opening: string | undefined;
  /** Comments before its closing brace, or at the end of the file. */
  readonly dangling: readonly string[];
  /** Comments by the field's name in the prototxt, one entry for each value. */
  readonly values: ReadonlyMap<string, readonly Comments[]>;
}

/** A field of the text that the message cannot hold. */
export interface UnknownField extends Comments {
  readonly name: string;
  readonly value: ValueNode;
  /** `name`: the schema has no such field (a fork of Caffe may have it). `value`: the field cannot hold the value. */
  readonly reason: "name" | "value";
  /** The value before it in the text: the index-th value of that field. Undefined if it was the first. */
  readonly after: { readonly field: string; readonly index: number } | undefined;
}

/** The fork that a net was read as from its binary form, and the layers for which another fork would give another meaning. */
export interface ReadDialect {
  readonly name: string;
  /** Whether the file says so, as Moka's files do. */
  readonly isMarked: boolean;
  readonly unsure: readonly { readonly layer: string; readonly as: string; readonly others: readonly string[] }[];
}

const dialectKey = Symbol("dialect");
const markKey = Symbol("mark");
const sourceKey = Symbol("source");
const commentsKey = Symbol("comments");
const unknownKey = Symbol("unknown fields");

/**
 * The data of a message in addition to its fields, under symbols, which protobuf ignores. A WeakMap would keep it separate, but
 * would cost a third of the time of reading a net, and would slow down every garbage collection.
 */
interface SideData {
  [dialectKey]?: ReadDialect;
  [markKey]?: string;
  [sourceKey]?: Source;
  [commentsKey]?: MessageComments;
  [unknownKey]?: readonly UnknownField[];
}

/** Where `message` was read from; undefined for a message made by a program. */
export function sourceOf(message: Message): Source | undefined {
  return (message as SideData)[sourceKey];
}

/** Records where `message` came from. Copies and upgraded messages have the source of their original. */
export function setSource(message: Message, source: Source | undefined): void {
  if (source) (message as SideData)[sourceKey] = source;
}

/**
 * The place of the index-th value of `field`, which is named as in the prototxt. If the text does not give the
 * field: the place of the message; undefined for a message made by a program.
 */
export function placeOf(message: Message, field: string, index = 0): Place | undefined {
  const source = (message as SideData)[sourceKey];
  return source?.fields?.get(field)?.[index] ?? source?.place;
}

/** What a net was read as from its binary form; undefined for a net of BVLC's Caffe alone, and for one from a text. */
export function readDialectOf(net: Message): ReadDialect | undefined {
  return (net as SideData)[dialectKey];
}

export function setReadDialect(net: Message, dialect: ReadDialect | undefined): void {
  if (dialect) (net as SideData)[dialectKey] = dialect;
}

/** The fork whose numbers a message says that it has, in a file of Moka's. */
export function markOf(message: Message): string | undefined {
  return (message as SideData)[markKey];
}

export function setMark(message: Message, name: string): void {
  (message as SideData)[markKey] = name;
}

/** The comments that `message` was read with, if there are any. */
export function commentsOf(message: Message): MessageComments | undefined {
  return (message as SideData)[commentsKey];
}

export function setComments(message: Message, of: MessageComments | undefined): void {
  if (of) (message as SideData)[commentsKey] = of;
}

/** The fields in the text of `message` that it cannot hold, in the order of the text. */
export function unknownFieldsOf(message: Message): readonly UnknownField[] {
  return (message as SideData)[unknownKey] ?? [];
}

export function setUnknownFields(message: Message, fields: readonly UnknownField[]): void {
  (message as SideData)[unknownKey] = fields;
}

/** Gives `to`, which is made from `from`, the same source, comments and unknown fields. */
export function copySideData(from: Message, to: Message): void {
  setSource(to, sourceOf(from));
  setReadDialect(to, readDialectOf(from));
  const mark = markOf(from);
  if (mark) setMark(to, mark);
  setComments(to, commentsOf(from));
  const unknown = (from as SideData)[unknownKey];
  if (unknown) setUnknownFields(to, unknown);
}

/**
 * A copy of `message` whose fields can be changed without changing the original. Its lists are copied; the messages
 * and typed arrays in them are shared. The copy has the same source, comments and unknown fields.
 */
export function copyMessage<Schema extends DescMessage>(
  schema: Schema,
  message: MessageShape<Schema>,
): MessageShape<Schema> {
  // The prototype has the defaults. `create` would make lists that are replaced at once. Symbols are copied too.
  const copy: MessageShape<Schema> = Object.assign(Object.create(Object.getPrototypeOf(message)), message);
  const values = copy as Record<string, unknown>;
  // Layers have hundreds of fields, of which few are set.
  for (const [name, value] of Object.entries(values)) {
    if (schema.field[name] && Array.isArray(value)) values[name] = value.slice();
  }
  return copy;
}
