import {
  create,
  type DescField,
  type DescMessage,
  isFieldSet,
  type Message,
  type MessageShape,
} from "@bufbuild/protobuf";
import { forkBase, isForkField } from "../fork-fields.js";
import { setComments, setSource, setUnknownFields, type UnknownField } from "../source.js";
import type { Issues } from "./issues.js";
import { layoutOf } from "./layout.js";
import { readNumeral } from "./numbers.js";
import { commentsAround, Origin, type ParseContext, valuesFor } from "./origin.js";
import { type Report, readEnum, readScalar, type ScalarValue } from "./scalars.js";
import { contentOf, unescapeStrings } from "./strings.js";
import { hintFor } from "./suggest.js";
import { excerpt, type FieldNode, type FileNode, type MessageNode, type ScalarNode, type ValueNode } from "./tree.js";

/**
 * Makes the message of a tree, and adds what does not fit the schema to `issues`. The schema must be proto2 without
 * groups, maps and oneofs; Caffe's has none of them.
 */
export function buildMessage<Schema extends DescMessage>(
  schema: Schema,
  tree: FileNode,
  issues: Issues,
  file: string | undefined,
): MessageShape<Schema> {
  const message = create(schema);
  new Builder(issues, file, tree.comments > 0).build(schema, message, tree);
  return message;
}

class Builder implements ParseContext {
  readonly file: string | undefined;
  readonly rejected = new Set<ValueNode>();
  readonly #issues: Issues;
  readonly #hasComments: boolean;
  /** Of unknown fields, by schema and name. */
  readonly #hints = new Map<string, string>();
  /** The fields and enum values of forks that were reported. */
  readonly #forkNames = new Set<string>();
  /** The origins of messages in singular fields, which a text may give again. */
  readonly #origins = new Map<Message, Origin>();
  /** Messages with required fields. They are checked in the end: a field may still follow. */
  readonly #withRequired: { readonly schema: DescMessage; readonly message: Message; readonly origin: Origin }[] = [];
  /** The field and value that `#report` is about. */
  #field = "";
  #node: ValueNode | undefined;
  readonly #report: Report = (code, reason) => {
    if (this.#node) this.#issues.add(code, this.#node, `${this.#field}: ${reason}`);
  };

  constructor(issues: Issues, file: string | undefined, hasComments: boolean) {
    this.#issues = issues;
    this.file = file;
    this.#hasComments = hasComments;
  }

  build(schema: DescMessage, message: Message, tree: FileNode): void {
    this.#fill(schema, message, tree, this.#begin(schema, message, undefined, tree));
    for (const entry of this.#withRequired) this.#checkRequired(entry.schema, entry.message, entry.origin);
  }

  #begin(schema: DescMessage, message: Message, node: FieldNode | undefined, body: MessageNode | FileNode): Origin {
    const origin = new Origin(this, schema, node, body);
    setSource(message, origin);
    if (this.#hasComments) setComments(message, origin);
    if (layoutOf(schema).required.length > 0) this.#withRequired.push({ schema, message, origin });
    return origin;
  }

  #fill(schema: DescMessage, message: Message, body: MessageNode | FileNode, origin: Origin): void {
    const { byName } = layoutOf(schema);
    for (const node of body.fields) {
      const { name, value } = node;
      const field = byName.get(name);
      if (!field) {
        const key = `${schema.name}.${name}`;
        const hint = this.#hints.get(key) ?? hintFor(name, schema, byName);
        this.#hints.set(key, hint);
        this.#issues.add("MOKA_TEXT_UNKNOWN_FIELD", node, `${schema.name} has no field ${excerpt(name)}${hint}`);
        if (!value) continue;
        this.#checkUnread(value);
        this.#store(message, origin, node, value, "name");
        continue;
      }
      if (isForkField(field))
        this.#reportFork("MOKA_TEXT_FORK_FIELD", `${schema.name}.${name}`, node, `${schema.name} has no field ${name}`);
      if (value?.kind === "list") {
        if (field.fieldKind !== "list") {
          this.#issues.add("MOKA_TEXT_LIST", value, `${name} takes one value, not a list; the first counts`);
        }
        for (const each of valuesFor(field, node)) this.#setOrStore(message, origin, field, node, each);
      } else if (value) this.#setOrStore(message, origin, field, node, value);
    }
  }

  /** Reports what only forks of Caffe have, once by name: a net for a fork may have hundreds. */
  #reportFork(
    code: "MOKA_TEXT_FORK_FIELD" | "MOKA_TEXT_FORK_VALUE",
    key: string,
    at: FieldNode | ValueNode,
    what: string,
  ): void {
    if (this.#forkNames.has(key)) return;
    this.#forkNames.add(key);
    this.#issues.add(code, at, `${what} in BVLC's Caffe; it is read as a fork's`);
  }

  #setOrStore(message: Message, origin: Origin, field: DescField, node: FieldNode, value: ValueNode): void {
    if (this.#setValue(message, field, node, value)) origin.last = field;
    else {
      this.rejected.add(value);
      // A list in a list is dropped: printed alone, it would look like a list that can be read.
      if (value.kind !== "list") this.#store(message, origin, node, value, "value");
    }
  }

  /** Stores a value that the message cannot hold as an unknown field. */
  #store(message: Message, origin: Origin, node: FieldNode, value: ValueNode, reason: UnknownField["reason"]): void {
    const { last } = origin;
    const after = last && { field: last.name, index: countOf(message, last) - 1 };
    if (!origin.unknown) {
      origin.unknown = [];
      setUnknownFields(message, origin.unknown);
    }
    origin.unknown.push({ name: node.name, value, reason, after, ...commentsAround(node, value) });
  }

  /** Adds a value to a list, or sets a singular field. Returns false, after a report, if the value cannot be read. */
  #setValue(message: Message, field: DescField, node: FieldNode, given: ValueNode): boolean {
    const values = message as unknown as Record<string, unknown>;
    const { localName } = field;
    const isList = field.fieldKind === "list";
    const repeated = !isList && Object.hasOwn(message, localName);
    if (repeated) {
      const counts = field.message ? "its parts are merged" : "the last value counts";
      this.#issues.add("MOKA_TEXT_REPEATED", node, `${field.name} is given again; ${counts}`);
    }
    const earlier = repeated ? (values[localName] as Message) : undefined;
    const value = field.message ? this.#message(field.message, node, given, earlier) : this.#scalar(field, given);
    if (value === undefined) return false;
    if (isList) (values[localName] as unknown[]).push(value);
    else values[localName] = value;
    return true;
  }

  /** Reads a message; if its field already has one, `earlier`, the two are merged. */
  #message(schema: DescMessage, node: FieldNode, body: ValueNode, earlier: Message | undefined): Message | undefined {
    if (body.kind !== "message") {
      const got = body.kind === "list" ? "a list" : excerpt(body.text);
      this.#issues.add("MOKA_TEXT_VALUE", body, `expected { for ${node.name}, got ${got}`);
      return undefined;
    }
    const message = earlier ?? create(schema);
    const known = earlier && this.#origins.get(earlier);
    known?.addPart(node, body);
    const origin = known ?? this.#begin(schema, message, node, body);
    this.#origins.set(message, origin);
    this.#fill(schema, message, body, origin);
    return message;
  }

  #scalar(field: DescField, value: ValueNode): ScalarValue | undefined {
    if (value.kind !== "scalar") {
      const got = value.kind === "list" ? "[" : value.open;
      this.#issues.add("MOKA_TEXT_VALUE", value, `expected a value for ${field.name}, got ${got}`);
      return undefined;
    }
    this.#field = field.name;
    this.#node = value;
    if (field.enum) {
      const number = readEnum(field.enum, value, this.#report);
      if (number !== undefined && number >= forkBase) {
        const key = `${field.enum.typeName}.${number}`;
        this.#reportFork("MOKA_TEXT_FORK_VALUE", key, value, `${field.name} has no value ${excerpt(value.text)}`);
      }
      return number;
    }
    return field.scalar === undefined ? undefined : readScalar(field.scalar, value, this.#report);
  }

  /** Reports what C++ protobuf would refuse even in a field that it skips. */
  #checkUnread(value: ValueNode): void {
    if (value.kind === "list") for (const item of value.values) this.#checkUnread(item);
    else if (value.kind === "scalar") this.#checkUnreadScalar(value);
    else for (const field of value.fields) if (field.value) this.#checkUnread(field.value);
  }

  #checkUnreadScalar(value: ScalarNode): void {
    const { form, text } = value;
    const got = excerpt(text);
    if (form === "word") this.#issues.add("MOKA_TEXT_QUOTES", value, `expected a value, got ${got} without quotes`);
    else if (form === "number" && readNumeral(text).form === "leadingZero") {
      this.#issues.add("MOKA_TEXT_SPELLING", value, `${got} starts with 0, as octal numbers do`);
    } else if (form === "string" && text.includes("\\")) {
      const { badEscape } = unescapeStrings([contentOf(text)]);
      if (badEscape) this.#issues.add("MOKA_TEXT_ESCAPE", value, `there is no escape ${badEscape} in a string`);
    }
  }

  #checkRequired(schema: DescMessage, message: Message, origin: Origin): void {
    for (const field of layoutOf(schema).required) {
      if (isFieldSet(message, field)) continue;
      this.#issues.add("MOKA_TEXT_REQUIRED", origin.place, `${schema.name} needs the field ${field.name}`);
    }
  }
}

/** The number of values of a field. */
function countOf(message: Message, field: DescField): number {
  const value = (message as unknown as Record<string, unknown>)[field.localName];
  return field.fieldKind === "list" && Array.isArray(value) ? value.length : 1;
}
