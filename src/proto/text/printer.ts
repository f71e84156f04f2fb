import {
  type DescEnum,
  type DescField,
  type DescMessage,
  isFieldSet,
  type Message,
  type MessageShape,
  ScalarType,
} from "@bufbuild/protobuf";
import { type Comments, commentsOf, type UnknownField, unknownFieldsOf } from "../source.js";
import { layoutOf } from "./layout.js";
import { formatDouble, formatFloat, formatShortest } from "./numbers.js";
import { commentsAround, textsOf } from "./origin.js";
import { quote, requote } from "./strings.js";
import type { ValueNode } from "./tree.js";

interface FormatOptions {
  /** Whether to print the comments the message was read with. Default: false. */
  readonly comments?: boolean | undefined;
  /** Whether strings keep characters beyond ASCII, instead of C++ protobuf's octal escapes. Default: false. */
  readonly unicode?: boolean | undefined;
  /** Whether numbers have the fewest digits, instead of C++ protobuf's 6 or 9. Default: false. */
  readonly shortest?: boolean | undefined;
}

/**
 * The text of a message in the layout of C++ protobuf's `DebugString`, as in Caffe's logs: fields in the order of their
 * numbers, one per line, indented by two spaces per level. Fields that were read and are not in the schema are printed
 * after the same value as in the text.
 */
export function formatText<Schema extends DescMessage>(
  schema: Schema,
  message: MessageShape<Schema>,
  options: FormatOptions = {},
): string {
  const printer = new Printer(options);
  printer.body(schema, message);
  return printer.text;
}

class Printer {
  text = "";
  #indent = "";
  readonly #comments: boolean;
  readonly #unicode: boolean;
  readonly #shortest: boolean;

  constructor({ comments = false, unicode = false, shortest = false }: FormatOptions) {
    this.#comments = comments;
    this.#unicode = unicode;
    this.#shortest = shortest;
  }

  /** The fields of a message, without its braces. */
  body(schema: DescMessage, message: Message): void {
    const unknown = new UnknownFields(unknownFieldsOf(message));
    const ownComments = this.#comments ? commentsOf(message) : undefined;
    this.#unknown(unknown.takeAfter(undefined, 0));
    for (const field of layoutOf(schema).byNumber) {
      if (!isFieldSet(message, field)) continue;
      const value = (message as unknown as Record<string, unknown>)[field.localName];
      const comments = ownComments?.values.get(field.name);
      let index = 0;
      for (const item of field.fieldKind === "list" ? (value as Iterable<unknown>) : [value]) {
        if (field.message) this.#message(field.name, field.message, item as Message);
        else this.#line(`${field.name}: ${this.#scalar(field, item)}`, comments?.[index]);
        this.#unknown(unknown.takeAfter(field.name, index++));
      }
    }
    this.#unknown(unknown.remaining());
    if (ownComments) for (const comment of ownComments.dangling) this.#line(comment);
  }

  #message(name: string, schema: DescMessage, message: Message): void {
    const comments = this.#comments ? commentsOf(message) : undefined;
    this.#line(`${name} {`, comments && { leading: comments.leading, trailing: comments.opening });
    this.#indented(() => this.body(schema, message));
    this.#line("}", comments && { leading: [], trailing: comments.trailing });
  }

  #scalar(field: DescField, value: unknown): string {
    if (field.enum) return nameIn(field.enum, Number(value));
    const isSingle = field.scalar === ScalarType.FLOAT;
    if (this.#shortest && (isSingle || field.scalar === ScalarType.DOUBLE))
      return formatShortest(Number(value), isSingle);
    if (isSingle) return formatFloat(Number(value));
    if (field.scalar === ScalarType.DOUBLE) return formatDouble(Number(value));
    if (typeof value === "string" || value instanceof Uint8Array) return quote(value, this.#unicode);
    return String(value);
  }

  #unknown(fields: readonly UnknownField[]): void {
    for (const { name, value, leading, trailing } of fields) this.#node(name, value, { leading, trailing });
  }

  /** Prints a value as it was read. A list has one value per line, as C++ protobuf prints all lists. */
  #node(name: string, value: ValueNode, comments: Comments): void {
    if (value.kind === "scalar") {
      const literals = [value.text, ...value.more];
      const text = value.form === "string" ? requote(literals, this.#unicode) : value.text;
      this.#line(`${name}: ${value.negative ? "-" : ""}${text}`, comments);
    } else if (value.kind === "list") {
      const { leading, trailing } = comments;
      for (const comment of leading) this.#comment(comment);
      for (const item of value.values) this.#node(name, item, { leading: textsOf(item.leading), trailing: undefined });
      if (value.values.length === 0) this.#line(`${name}: []`);
      for (const comment of [...textsOf(value.dangling), trailing ?? ""]) this.#comment(comment);
    } else {
      this.#line(`${name} {`, { leading: comments.leading, trailing: value.opening?.text });
      this.#indented(() => {
        for (const field of value.fields) {
          if (field.value) this.#node(field.name, field.value, commentsAround(field, field.value));
        }
        for (const comment of value.dangling) this.#comment(comment.text);
      });
      this.#line("}", { leading: [], trailing: comments.trailing });
    }
  }

  #indented(print: () => void): void {
    this.#indent += "  ";
    print();
    this.#indent = this.#indent.slice(2);
  }

  #comment(comment: string): void {
    if (this.#comments && comment) this.text += `${this.#indent}${comment}\n`;
  }

  #line(line: string, comments?: Comments): void {
    if (comments) for (const comment of comments.leading) this.#comment(comment);
    const trailing = this.#comments && comments?.trailing ? `  ${comments.trailing}` : "";
    this.text += `${this.#indent}${line}${trailing}\n`;
  }
}

/** The unknown fields of a message; each is returned once. */
class UnknownFields {
  readonly #remaining = new Map<string, UnknownField[]>();

  constructor(fields: readonly UnknownField[]) {
    for (const field of fields) {
      const key = keyOf(field.after?.field, field.after?.index ?? 0);
      const group = this.#remaining.get(key);
      if (group) group.push(field);
      else this.#remaining.set(key, [field]);
    }
  }

  /** The unknown fields that came after the index-th value of `field`. */
  takeAfter(field: string | undefined, index: number): readonly UnknownField[] {
    if (this.#remaining.size === 0) return [];
    const key = keyOf(field, index);
    const here = this.#remaining.get(key) ?? [];
    this.#remaining.delete(key);
    return here;
  }

  /** The unknown fields after values that the message no longer has. */
  remaining(): readonly UnknownField[] {
    return [...this.#remaining.values()].flat();
  }
}

function keyOf(field: string | undefined, index: number): string {
  return `${field ?? ""} ${index}`;
}

function nameIn(type: DescEnum, number: number): string {
  return type.value[number]?.name ?? String(number);
}
