import { create, type DescField, type DescMessage, type Message, ScalarType } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Numbering } from "../dialects/index.js";
import { copySideData, unknownFieldsOf } from "../source.js";
import { formatText } from "../text/printer.js";
import { wireTypeOf } from "./wire-types.js";

/**
 * The number of a field of strings that Moka adds to messages. It holds, as text, fields that have no number: those that only a text
 * had, and those that the fork whose numbers the message has lacks. Caffe and its forks skip it.
 */
export const textField = 90_000_000;

/** The number of a field with the name of the fork whose numbers a message has, at its beginning. Caffe and its forks skip it. */
export const dialectField = 90_000_001;

/** A field in a file: its number, and its tags and values. */
interface Piece {
  readonly number: number;
  readonly chunks: readonly Uint8Array[];
}

/**
 * Encodes a message with the numbers of a fork: the fields in the order of their numbers, then those that are unknown, then as text
 * those that have no number.
 *
 * @param inner encodes a message within it
 */
export function encodeForked(
  schema: DescMessage,
  message: Message,
  numbering: Numbering,
  inner: (schema: DescMessage, message: Message) => readonly Uint8Array[],
): readonly Uint8Array[] {
  const pieces: Piece[] = [];
  const rest = create(schema) as Message & Record<string, unknown>;
  copySideData(message, rest);
  let isTextNeeded = unknownFieldsOf(message).length > 0;
  for (const [name, value] of Object.entries(message)) {
    const field = schema.field[name];
    if (!field || value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    const number = numbering.numberOf(field);
    const values = (field.fieldKind === "list" ? value : [value]) as readonly unknown[];
    if (number === undefined || !hasValues(field, values, numbering)) {
      rest[name] = value;
      isTextNeeded = true;
    } else if (field.message) {
      const nested = field.message;
      const chunks = values.flatMap((each) => {
        const bytes = inner(nested, each as Message);
        const size = bytes.reduce((sum, { length }) => sum + length, 0);
        return [new BinaryWriter().tag(number, WireType.LengthDelimited).uint32(size).finish(), ...bytes];
      });
      pieces.push({ number, chunks });
    } else pieces.push({ number, chunks: [scalars(field, values, number, numbering)] });
  }
  pieces.sort((a, b) => a.number - b.number);
  const unknown = new BinaryWriter();
  for (const { no, wireType, data } of message.$unknown ?? []) unknown.tag(no, wireType).raw(data);
  const last = [unknown.finish()];
  if (isTextNeeded) {
    const text = formatText(schema, rest, { shortest: true, unicode: true });
    last.push(new BinaryWriter().tag(textField, WireType.LengthDelimited).string(text).finish());
  }
  return [...pieces.flatMap(({ chunks }) => chunks), ...last];
}

/** Whether the fork has all the values of an enum's field. */
function hasValues({ enum: type }: DescField, values: readonly unknown[], numbering: Numbering): boolean {
  return !type || values.every((value) => numbering.valueTo(type, Number(value)) !== undefined);
}

/** The values of a field that is no message, each with its tag; packed ones together. */
function scalars(field: DescField, values: readonly unknown[], number: number, numbering: Numbering): Uint8Array {
  const { enum: type } = field;
  const write = writerOf(field);
  const inFile = type ? values.map((value) => numbering.valueTo(type, Number(value))) : values;
  const writer = new BinaryWriter();
  if (field.fieldKind === "list" && field.packed) {
    writer.tag(number, WireType.LengthDelimited).fork();
    for (const value of inFile) write(writer, value as never);
    return writer.join().finish();
  }
  for (const value of inFile) write(writer.tag(number, wireTypeOf(field.scalar ?? ScalarType.INT32)), value as never);
  return writer.finish();
}

/** Writes one value of a field. */
function writerOf({ scalar }: DescField): (writer: BinaryWriter, value: never) => void {
  switch (scalar) {
    case ScalarType.STRING:
      return (writer, value) => void writer.string(value);
    case ScalarType.BYTES:
      return (writer, value) => void writer.bytes(value);
    case ScalarType.FLOAT:
      return (writer, value) => void writer.float(value);
    case ScalarType.DOUBLE:
      return (writer, value) => void writer.double(value);
    case ScalarType.BOOL:
      return (writer, value) => void writer.bool(value);
    case ScalarType.UINT32:
      return (writer, value) => void writer.uint32(value);
    case ScalarType.INT64:
      return (writer, value) => void writer.int64(value);
    case ScalarType.UINT64:
      return (writer, value) => void writer.uint64(value);
    default: // int32, and enums
      return (writer, value) => void writer.int32(value);
  }
}
